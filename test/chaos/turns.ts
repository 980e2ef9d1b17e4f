import { setTimeout as sleep } from 'node:timers/promises';

/** Turns that begin at fixed intervals, whether or not the earlier ones have ended. */
export interface Turns {
  /** No more turns begin. */
  isEnding(): boolean;
  /** Resolves when the last turn has ended. */
  stop(): Promise<void>;
}

/**
 * @param take starts with turn 0
 * @param failed gets the error of a turn
 */
export function startTurns(
  everyMs: number,
  take: (turn: number) => Promise<void>,
  failed: (error: unknown) => void,
): Turns {
  const running = new Set<Promise<void>>();
  const ending = new AbortController();

  const loop = (async () => {
    for (let turn = 0; !ending.signal.aborted; turn += 1) {
      const done = take(turn)
        .catch(failed)
        .finally(() => running.delete(done));
      running.add(done);
      await sleep(everyMs);
    }
  })();

  return {
    isEnding: () => ending.signal.aborted,
    async stop() {
      ending.abort();
      await loop;
      await Promise.all(running);
    },
  };
}
