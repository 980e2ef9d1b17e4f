import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';

const common = { at: z.number(), user: z.string() };
const seats = { reservation: z.string(), schedule: z.string().optional(), seats: z.array(z.string()) };

/** The log of the clients: a line for each response that promises something. Times are milliseconds since 1970. */
const lineSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('place'),
    ...common,
    /** Before the client sent the request; `at` is after it got the response. */
    askedAt: z.number(),
    /** True for the response to the entry into the room, false for the response to a later poll. */
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
  /** A reservation as a client saw it. `askedAt` is before the request was sent. */
  z.object({
    kind: z.literal('seen'),
    ...common,
    askedAt: z.number(),
    reservation: z.string(),
    status: z.string(),
  }),
  /** The response to a request under an idempotency key. */
  z.object({
    kind: z.literal('keyed'),
    ...common,
    /** Method and path. */
    route: z.string(),
    key: z.string(),
    status: z.int(),
    /** The body, or a digest of it. */
    body: z.string(),
  }),
]);

export type ClientLine = z.infer<typeof lineSchema>;
export type Line<Kind extends ClientLine['kind']> = Extract<ClientLine, { kind: Kind }>;

/** Lines by kind, in the order in which the clients wrote them. */
export type ClientLog = { readonly [Kind in ClientLine['kind']]: Line<Kind>[] };

/** @throws if a line has another shape */
export async function readClientLog(files: readonly string[]): Promise<ClientLog> {
  const lines: ClientLine[] = [];
  for (const file of files) {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      lines.push(lineSchema.parse(JSON.parse(text)));
    }
  }
  const of = <Kind extends ClientLine['kind']>(kind: Kind): Line<Kind>[] =>
    lines.filter((line): line is Line<Kind> => line.kind === kind);
  return {
    place: of('place'),
    held: of('held'),
    paying: of('paying'),
    confirmed: of('confirmed'),
    seen: of('seen'),
    keyed: of('keyed'),
  };
}
