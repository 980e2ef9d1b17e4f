import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../start/dataFolder';
import type { Report } from '../failure';
import type { ProcessWatcher } from './managedProcess';
import { endProcess, isRunning } from './processIdentity';

const schema = z.array(
  z.object({
    name: z.string(),
    pid: z.int(),
    started: z.string(),
    stopSignal: z.enum(['SIGINT', 'SIGTERM']),
  }),
);

/**
 * Writes down every part that runs, in the order of their starts, so that the start after a `kill -9` can end
 * what was left: by pid and time of start, never by a name.
 */
export function createProcessJournal(folder: string): ProcessWatcher {
  const file = fileIn(folder);
  let running: z.infer<typeof schema> = [];
  const write = (): void => writeWhole(file, JSON.stringify(running));
  write();
  return {
    started({ name, identity }, { stopSignal }) {
      running.push({ name, ...identity, stopSignal });
      write();
    },
    ended({ identity }) {
      running = running.filter(({ pid }) => pid !== identity.pid);
      try {
        write();
      } catch {
        // A full disk: the list then names a process too many, and whoever reads it looks for that first.
      }
    },
  };
}

/** Ends what an earlier launcher left running, the last started first. */
export async function endLeftovers(folder: string, report: Report): Promise<void> {
  for (const { name, stopSignal, ...identity } of leftovers(folder).toReversed()) {
    if (!isRunning(identity)) continue;
    report(`ending ${name} (pid ${identity.pid}), left running by a start that was killed ...`);
    await endProcess(identity, stopSignal, 15_000);
  }
}

function leftovers(folder: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(fileIn(folder), 'utf8')));
  } catch {
    return [];
  }
}

function fileIn(folder: string): string {
  return path.join(folder, 'processes.json');
}
