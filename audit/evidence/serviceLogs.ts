import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';

/** A log file of the API, the worker or the gateway. It is read line by line, because it may be large. */
export interface ServiceLog {
  file: string;
  /** Whether one line is like this. */
  has(isFault: (line: string) => boolean): Promise<boolean>;
}

export function openServiceLog(file: string): ServiceLog {
  return {
    file,
    async has(isFault) {
      for await (const line of createInterface({ input: createReadStream(file) })) {
        if (isFault(line)) return true;
      }
      return false;
    },
  };
}
