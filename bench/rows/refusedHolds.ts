import { z } from 'zod';
import { bearer } from '../bare/protocol';
import type { Customer } from '../generator/protocol';
import type { Row } from '../row';
import { hall, openSchedule } from '../site/catalogue';
import { enterRoom } from '../site/people';
import type { Site } from '../site/site';
import { BARE_ADMISSION, bareAdmission } from './admission';
import { compareRequests, type PlainTarget } from './plainRequests';

/** All users ask for a seat that another user holds, and all get 409. */
export const refusedHolds: Row = {
  subject: 'refused',
  figure: 'refused holds of one hot seat',
  unit: 'a second',
  reference: BARE_ADMISSION,
  target: { atLeast: 0.65 },

  async prepare(bench) {
    const { site, scale, pids } = bench;
    const [first, ...crowd] = await enterRoom(site.client, await site.people.welcome(1 + scale.waiting, 0));
    const { seatIds } = await openSchedule(site.client, { plan: hall(scale.rounds) });
    return async (round) => {
      const seatId = seatIds[round.number - 1];
      if (!first || seatId === undefined) throw new Error('there is no seat to ask for');
      await holdSeat(site, first, seatId);
      return compareRequests(
        bench,
        round,
        { ...refusals(site, crowd, seatId), pids },
        bareAdmission(bench, crowd),
      );
    };
  },
};

export async function holdSeat({ client }: Site, holder: Customer, seatId: string): Promise<void> {
  const { accessToken: token, queueToken } = holder;
  const body = { seatId, queueToken };
  await client.call({ method: 'POST', path: '/v1/reservations', token, body }, 201, z.unknown());
}

/** A request for the same seat from each of them. */
export const refusals = (
  { stack }: Site,
  crowd: readonly Customer[],
  seatId: string,
): Omit<PlainTarget, 'pids'> => ({
  url: stack.apiUrl,
  requests: crowd.map((person) => ({
    method: 'POST',
    path: '/v1/reservations',
    headers: { authorization: bearer(person), 'content-type': 'application/json' },
    body: JSON.stringify({ seatId, queueToken: person.queueToken }),
  })),
  expectedStatus: 409,
});
