import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { identify, type ProcessIdentity } from '../processes/processIdentity';

const schema = z.object({ pid: z.int(), started: z.string() });

/** Records which process this is, so that a later process can check whether it still runs. */
export function writeOwnIdentity(file: string): void {
  writeFileSync(file, JSON.stringify(identify(process.pid)));
}

/** Null if no process has written its identity completely. */
export function readIdentity(file: string): ProcessIdentity | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
