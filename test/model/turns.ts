/** Work beside other work, and work that must run alone, such as a kill of the worker. */
export interface Turns {
  shared<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits until all earlier work has ended. Later work waits for this one. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createTurns(): Turns {
  const running = new Set<Promise<unknown>>();
  let last: Promise<unknown> = Promise.resolve();

  return {
    async shared(work) {
      let seen: Promise<unknown> | null = null;
      while (seen !== last) {
        seen = last;
        await seen;
      }
      const result = work();
      running.add(result);
      return result.finally(() => running.delete(result));
    },
    async alone(work) {
      const before = last;
      const result = (async () => {
        await before;
        await Promise.allSettled(running);
        return work();
      })();
      last = result.catch(() => undefined);
      return result;
    },
  };
}
