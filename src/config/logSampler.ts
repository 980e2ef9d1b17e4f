import type { Logger } from './logging';

/** Prevents any client from filling the log. */
export interface LogSampler {
  /** Whether a line of this kind may be written now. If not, it is counted. */
  admits(kind: string): boolean;
}

const WINDOW_MS = 60_000;

/**
 * The number of lines of one kind in a window. They show an operator what the lines look like. One more line gives the
 * number of the others.
 */
const LINES = 20;

/**
 * Admits a fixed number of lines of a kind in each minute. At the end of the minute, one line gives the number of the
 * lines that were left out.
 *
 * @param what names these lines, such as "refused requests"
 */
export function createLogSampler(logger: Logger, what: string): LogSampler {
  let seen = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function startAgain(): void {
    for (const [kind, count] of seen) {
      if (count > LINES) logger.warn({ kind, leftOut: count - LINES }, `${what} left out of the log`);
    }
    seen = new Map();
    timer = undefined;
  }

  return {
    admits(kind) {
      timer ??= setTimeout(startAgain, WINDOW_MS).unref();
      const count = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, count);
      return count <= LINES;
    },
  };
}
