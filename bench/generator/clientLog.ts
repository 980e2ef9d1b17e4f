import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/**
 * What clients were told and when, for the audit: a line of JSON for each answer that promises something.
 * `askedAt` and `at` are milliseconds since 1970 before the request was sent and after its answer came.
 */
export type ClientLine = { at: number; user: string } & (
  | { kind: 'place'; askedAt: number; entered: boolean; place: Place }
  | { kind: 'held'; reservation: string; schedule: string; seats: string[]; expiresAt: string }
  | { kind: 'paying'; reservation: string }
  | { kind: 'confirmed'; reservation: string; schedule: string; seats: string[] }
);

/** Where somebody stands in a waiting room. `id` names the place, as the token does. */
interface Place {
  room: string;
  id: string;
  status: string;
  position: number | null;
  expiresAt: string | null;
}

export interface ClientLog {
  write(line: ClientLine): void;
  /** Resolves once every line is in the file. */
  close(): Promise<void>;
}

export function openClientLog(file: string): ClientLog {
  const stream = createWriteStream(file, { flags: 'a' });
  return {
    write: (line) => void stream.write(`${JSON.stringify(line)}\n`),
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}
