import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { Person } from './protocol';
import type { SaleFloor } from './saleFloor';

const queueSchema = z.object({
  status: z.string(),
  position: z.number().nullable(),
  pollAfterSeconds: z.number(),
  expiresAt: z.string().nullable(),
});
const ticketSchema = z.object({ queueToken: z.string(), queue: queueSchema });
const tokenSchema = z.object({ jti: z.string(), room: z.string() });

export interface Place {
  queueToken: string;
  queue: z.infer<typeof queueSchema>;
}

/** Enters the sale's room. Null where the sale was over before. */
export async function enter(floor: SaleFloor, person: Person): Promise<Place | null> {
  const askedAt = Date.now();
  const answer = await floor.send({
    method: 'POST',
    path: '/v1/queue/tokens',
    token: person.accessToken,
    body: { scheduleId: floor.scheduleId },
  });
  if (answer?.status !== 201) return null;
  const place = ticketSchema.parse(JSON.parse(answer.text));
  write(floor, person, place, askedAt, true);
  return place;
}

/** Asks where the place stands. Null where it has ended, or the sale. */
export async function ask(floor: SaleFloor, person: Person, { queueToken }: Place): Promise<Place | null> {
  const askedAt = Date.now();
  const answer = await floor.send({
    method: 'GET',
    path: '/v1/queue/status',
    token: person.accessToken,
    queueToken,
  });
  if (answer?.status !== 200) return null;
  const { queue } = z.object({ queue: queueSchema }).parse(JSON.parse(answer.text));
  const place = { queueToken, queue };
  write(floor, person, place, askedAt, false);
  return place;
}

function write(
  { log }: SaleFloor,
  { userId: user }: Person,
  { queueToken, queue }: Place,
  askedAt: number,
  entered: boolean,
): void {
  const { jti: id, room } = tokenSchema.parse(decodeJwt(queueToken));
  const { status, position, expiresAt } = queue;
  log.write({
    kind: 'place',
    askedAt,
    at: Date.now(),
    user,
    entered,
    place: { room, id, status, position, expiresAt },
  });
}
