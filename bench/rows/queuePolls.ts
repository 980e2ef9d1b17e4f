import { bearer } from '../bare/protocol';
import type { Customer } from '../generator/protocol';
import type { Row } from '../row';
import { hall, openSchedule } from '../site/catalogue';
import { enterRoom } from '../site/people';
import type { Site } from '../site/site';
import { BARE_ADMISSION, bareAdmission } from './admission';
import { compareRequests, type PlainTarget } from './plainRequests';

/** Somebody is let in every quarter of an hour: the line stands still while it is asked. */
const ROOM = { admitPerSecond: 0.001, maxActive: 1 };

/** People in a line ask where they stand, far more often than they are told to. */
export const queuePolls: Row = {
  subject: 'polls',
  figure: 'queue polls of waiting people',
  unit: 'a second',
  reference: BARE_ADMISSION,
  target: { atLeast: 0.7 },

  async prepare(bench) {
    const { site, scale, pids } = bench;
    return async (round) => {
      // A line of its own for each round: who is not asked for a minute has left.
      const line = await formLine(site, scale.waiting);
      return compareRequests(bench, round, { ...polls(site, line), pids }, bareAdmission(bench, line));
    };
  },
};

/** A schedule whose room has so many people in it, all waiting but the first. */
export async function formLine(site: Site, people: number): Promise<Customer[]> {
  const { scheduleId } = await openSchedule(site.client, { plan: hall(1), waitingRoom: ROOM });
  const [, ...line] = await enterRoom(site.client, await site.people.welcome(people + 1, 0), scheduleId);
  return line;
}

export const polls = ({ stack }: Site, line: readonly Customer[]): Omit<PlainTarget, 'pids'> => ({
  url: stack.apiUrl,
  requests: line.map((person) => ({
    method: 'GET',
    path: '/v1/queue/status',
    headers: { authorization: bearer(person), 'x-queue-token': person.queueToken },
  })),
  expectedStatus: 200,
});
