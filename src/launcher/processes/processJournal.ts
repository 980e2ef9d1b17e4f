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
 * Records every part that runs, in the order of their starts. After a `kill -9`, the next start uses the record to
 * end the processes that are left: by pid and start time, never by name.
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
        // The disk is full. The list then has one process too many, and its reader first checks that each process
        // still runs.
      }
    },
  };
}

/** Ends the processes that an earlier launcher left running. The one that started last ends first. */
export async function endLeftovers(folder: string, report: Report): Promise<void> {
  for (const { name, stopSignal, ...identity } of leftovers(folder).toReversed()) {
    if (!isRunning(identity)) continue;
    report(`ending ${name} (pid ${identity.pid}), which a killed start left running ...`);
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
