import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { LaunchFailure, reasonOf, type Report } from '../failure';
import type { ManagedProcess } from './managedProcess';
import type { Parts } from './parts';

/** A part that the supervisor starts again each time it ends unexpectedly. */
export interface SupervisedPart {
  /** Ends the part on purpose and starts it again. Rejects if it does not start; the next call tries again. */
  restart(): Promise<void>;
}

export interface Supervisor {
  /**
   * Keeps a running part running.
   *
   * @param startAgain resolves once the part is ready for work; leaves no process behind if it rejects
   */
  supervise(first: ManagedProcess, startAgain: () => Promise<ManagedProcess>): SupervisedPart;
  /** Rejects if a part does not come back. Never resolves. */
  readonly gaveUp: Promise<never>;
}

export interface Patience {
  firstPauseMs: number;
  longestPauseMs: number;
  /** How many starts in a row may fail or last less than `healthyMs`. */
  tries: number;
  healthyMs: number;
}

/** All pauses together take about four minutes: time to free a disk or a port. */
const PATIENCE: Patience = { firstPauseMs: 500, longestPauseMs: 10_000, tries: 30, healthyMs: 60_000 };

/**
 * Starts parts again with growing pauses, a limited number of times. It reports one line when a part ends, and one
 * line when the part is back or the supervisor gives up. It does not report each failure in between.
 */
export function createSupervisor(
  parts: Pick<Parts, 'isStopping'>,
  report: Report,
  patience: Patience = PATIENCE,
): Supervisor {
  const failures = new EventEmitter<{ failure: [LaunchFailure] }>();
  const gaveUp = once(failures, 'failure').then(([failure]: unknown[]) => {
    throw failure;
  });
  // The supervisor may give up a part before any caller waits for it.
  gaveUp.catch(() => undefined);

  function supervise(first: ManagedProcess, startAgain: () => Promise<ManagedProcess>): SupervisedPart {
    let current = first;
    let tries = 0;
    /** Processes that `restart` has replaced. */
    const replaced = new WeakSet<ManagedProcess>();

    /** Only one start at a time: two processes of one part would both try to use its port. */
    const turns = pLimit(1);

    /** @returns null if the process is no longer wanted; then no process is left */
    async function startUnless(isOver: () => boolean): Promise<ManagedProcess | null> {
      if (isOver()) return null;
      const started = await startAgain();
      if (!isOver()) return started;
      await started.stop();
      return null;
    }

    function adopt(managed: ManagedProcess): void {
      current = managed;
      void watch(managed, Date.now());
    }

    async function watch(managed: ManagedProcess, since: number): Promise<void> {
      const { name } = managed;
      const isOver = (): boolean => parts.isStopping() || replaced.has(managed);
      let why = await managed.exited;
      if (isOver()) return;
      const goneAt = Date.now();
      if (goneAt - since > patience.healthyMs) tries = 0;
      report(`${name} stopped (${why}); starting it again ...`);
      for (; tries < patience.tries; tries += 1) {
        await sleep(Math.min(patience.firstPauseMs * 2 ** tries, patience.longestPauseMs));
        if (isOver()) return;
        try {
          const next = await turns(async () => startUnless(isOver));
          if (next === null) return;
          tries += 1;
          report(`${name} is back after ${((Date.now() - goneAt) / 1000).toFixed(1)} s`);
          return adopt(next);
        } catch (error) {
          why = reasonOf(error);
          if (isOver()) return;
        }
      }
      const lost = `${name} does not stay up after ${patience.tries} starts in a row: ${why}`;
      failures.emit('failure', new LaunchFailure(lost));
    }

    adopt(first);
    return {
      async restart() {
        replaced.add(current);
        await current.stop();
        adopt(await turns(startAgain));
      },
    };
  }

  return { supervise, gaveUp };
}
