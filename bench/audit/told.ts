import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';

const common = { at: z.number(), user: z.string() };
const seats = { reservation: z.string(), schedule: z.string(), seats: z.array(z.string()) };

/** What clients wrote down: a line for each answer that promises something. Times are milliseconds since 1970. */
const lineSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('place'),
    ...common,
    /** Before the request was sent; `at` is after its answer came. */
    askedAt: z.number(),
    /** The answer to entering the room, not to asking again. */
    entered: z.boolean(),
    place: z.object({
      room: z.string(),
      id: z.string(),
      status: z.string(),
      position: z.number().nullable(),
      expiresAt: z.string().nullable(),
    }),
  }),
  z.object({ kind: z.literal('held'), ...common, ...seats, expiresAt: z.string() }),
  z.object({ kind: z.literal('paying'), ...common, reservation: z.string() }),
  z.object({ kind: z.literal('confirmed'), ...common, ...seats }),
]);

export type ToldLine = z.infer<typeof lineSchema>;
export type Told<Kind extends ToldLine['kind']> = Extract<ToldLine, { kind: Kind }>;

/** Lines by kind, in the order in which they were written. */
export interface Log {
  places: Told<'place'>[];
  held: Told<'held'>[];
  paying: Told<'paying'>[];
  confirmed: Told<'confirmed'>[];
}

/** @throws where a line has another shape */
export async function readLogs(files: readonly string[]): Promise<Log> {
  const log: Log = { places: [], held: [], paying: [], confirmed: [] };
  for (const file of files) {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      const line = lineSchema.parse(JSON.parse(text));
      if (line.kind === 'place') log.places.push(line);
      else if (line.kind === 'held') log.held.push(line);
      else if (line.kind === 'paying') log.paying.push(line);
      else log.confirmed.push(line);
    }
  }
  return log;
}
