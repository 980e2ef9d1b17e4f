import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { StackProcess } from '../support/stackProcess';

/** What happens at a failpoint. `twice`: the step runs twice. The number of a freeze is in seconds. */
export type Kind = 'fail' | 'hang' | 'kill' | 'freeze 12' | 'freeze 30' | 'twice';

/** A failpoint and what happens there. The name begins with its process: `api: after statement take-key`. */
export interface Cell {
  point: string;
  kind: Kind;
}

const LOOK_EVERY_MS = 50;

/** The failpoints in the processes of a service. */
export interface Failpoints {
  /** Settings for the processes. */
  env: NodeJS.ProcessEnv;
  /** The failpoints that were passed since the last call. */
  passed(): Promise<string[]>;
  /**
   * Arms a failpoint for one time, while `work` runs. A frozen process continues after its time, and a killed one is
   * started again. Several failpoints may be armed at a time, but none twice.
   *
   * @returns whether the failpoint was reached
   */
  during(cell: Cell, work: () => Promise<unknown>): Promise<boolean>;
}

export async function createFailpoints(
  folder: string,
  processes: () => readonly StackProcess[],
): Promise<Failpoints> {
  for (const name of ['armed', 'fired']) await mkdir(path.join(folder, name), { recursive: true });
  const passed = path.join(folder, 'passed.txt');
  /** Two processes may be started again at once, but one process only once. */
  const inTurn = pLimit(1);

  /** Waits until the failpoint is reached, and then repairs what it did. */
  async function repair({ kind }: Cell, fired: string, signal: AbortSignal): Promise<boolean> {
    let pid: string | null;
    for (;;) {
      const isOver = signal.aborted;
      pid = await readFile(fired, 'utf8').catch(() => null);
      if (pid !== null) break;
      if (isOver) return false;
      await sleep(LOOK_EVERY_MS);
    }
    const stackProcess = processes().find((one) => String(one.pid) === pid);
    if (kind === 'kill') {
      if (!stackProcess) throw new Error(`no process of the service has pid ${pid}`);
      await stackProcess.kill();
      await inTurn(async () => stackProcess.start());
    } else if (kind.startsWith('freeze')) {
      await sleep(Number(kind.slice('freeze '.length)) * 1_000);
      stackProcess?.signal('SIGCONT');
    }
    return true;
  }

  return {
    env: { NODE_OPTIONS: `--require ${path.join(__dirname, 'preload.cjs')}`, FAILPOINTS: folder },
    async passed() {
      const text = await readFile(passed, 'utf8').catch(() => '');
      await writeFile(passed, '');
      return [...new Set(text.split('\n').filter((line) => line !== ''))];
    },
    async during(cell, work) {
      // The same name as in firing.cjs.
      const name = createHash('sha256').update(cell.point).digest('hex');
      const [armed, fired] = [path.join(folder, 'armed', name), path.join(folder, 'fired', name)];
      await rm(fired, { force: true });
      await writeFile(armed, cell.kind.split(' ')[0] ?? '');
      const ended = new AbortController();
      const repaired = repair(cell, fired, ended.signal);
      try {
        await work();
      } finally {
        await rm(armed, { force: true });
        ended.abort();
      }
      return repaired;
    },
  };
}

/** Everything that may happen at a failpoint. */
export function kindsAt(point: string): Kind[] {
  const [, when, what = ''] = /: (before|after) (\w+)/.exec(point) ?? [];
  const always: Kind[] = ['kill', 'freeze 12', 'freeze 30'];
  // After a response has been sent, only the process itself can be in trouble.
  if (what === 'response') return when === 'before' ? ['fail', 'hang', ...always] : always;
  // A client of Postgres or Redis never repeats a command by itself.
  const repeats = when === 'before' && ['Temporal', 'gateway', 'activity'].includes(what);
  return ['fail', 'hang', ...always, ...(repeats ? (['twice'] as const) : [])];
}
