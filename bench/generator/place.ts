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
const statusSchema = z.object({ queue: queueSchema });
const ticketSchema = z.object({ queueToken: z.string(), queue: queueSchema });
const tokenSchema = z.object({ jti: z.string(), room: z.string() });

export interface Place {
  queueToken: string;
  /** From the token. */
  id: string;
  room: string;
  queue: z.infer<typeof queueSchema>;
}

/** Enters the room of the sale. Null if the sale had already ended. */
export async function enter(floor: SaleFloor, person: Person): Promise<Place | null> {
  const askedAt = Date.now();
  const answer = await floor.send({
    method: 'POST',
    path: '/v1/queue/tokens',
    token: person.accessToken,
    body: { scheduleId: floor.scheduleId },
  });
  if (answer?.status !== 201) return null;
  const { queueToken, queue } = ticketSchema.parse(JSON.parse(answer.text));
  const { jti: id, room } = tokenSchema.parse(decodeJwt(queueToken));
  const place = { queueToken, id, room, queue };
  write(floor, person, place, askedAt, true);
  return place;
}

/** Polls the place. Null if the place or the sale has ended. */
export async function ask(floor: SaleFloor, person: Person, before: Place): Promise<Place | null> {
  const askedAt = Date.now();
  const answer = await floor.send({
    method: 'GET',
    path: '/v1/queue/status',
    token: person.accessToken,
    queueToken: before.queueToken,
  });
  if (answer?.status !== 200) return null;
  const { queue } = statusSchema.parse(JSON.parse(answer.text));
  const place = { ...before, queue };
  write(floor, person, place, askedAt, false);
  return place;
}

function write(
  { log }: SaleFloor,
  { userId: user }: Person,
  { id, room, queue }: Place,
  askedAt: number,
  entered: boolean,
): void {
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
