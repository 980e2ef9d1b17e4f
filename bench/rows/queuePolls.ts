import { bearer } from '../bare/protocol';
import type { Customer } from '../generator/protocol';
import type { Row } from '../row';
import { hall, openSchedule } from '../site/catalogue';
import { enterRoom } from '../site/people';
import type { Site } from '../site/site';
import { BARE_ADMISSION, bareAdmission } from './admission';
import { compareRequests, type PlainTarget } from './plainRequests';

/** The room admits a user only every quarter of an hour, so the line does not move during the measurement. */
const ROOM = { admitPerSecond: 0.001, maxActive: 1 };

/** People in a line poll their position, far more often than the service asks them to. */
export const queuePolls: Row = {
  subject: 'polls',
  figure: 'queue polls of waiting people',
  unit: 'a second',
  reference: BARE_ADMISSION,
  target: { atLeast: 0.7 },

  async prepare(bench) {
    const { site, scale, pids } = bench;
    return async (round) => {
      // A new line for each round: a place that is not polled for a minute ends.
      const line = await formLine(site, scale.waiting);
      return compareRequests(bench, round, { ...polls(site, line), pids }, bareAdmission(bench, line));
    };
  },
};

/** A schedule with this number of people in its room. All except the first wait. */
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
