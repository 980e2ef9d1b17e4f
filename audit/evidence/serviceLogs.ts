import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';

/** A log file of the API, the worker or the gateway. It is read line by line, because it may be large. */
export interface ServiceLog {
  file: string;
  /** @returns the first line that is like this */
  find(isFault: (line: string) => boolean): Promise<string | undefined>;
}

export function openServiceLog(file: string): ServiceLog {
  return {
    file,
    async find(isFault) {
      for await (const line of createInterface({ input: createReadStream(file) })) {
        if (isFault(line)) return line;
      }
      return undefined;
    },
  };
}
