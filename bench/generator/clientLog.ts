import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { ClientLine } from '../../audit/evidence/clientLog';

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
