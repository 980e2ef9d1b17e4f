import type { Logger } from './logging';

/** Keeps lines that anybody can cause from filling the log. */
export interface LogSampler {
  /** Whether a line of this kind may be written now; one that may not is counted. */
  admits(kind: string): boolean;
}

const WINDOW_MS = 60_000;

/** Lines of one kind in a window. An operator sees what they look like; that many more came is one line. */
const LINES = 20;

/**
 * Admits a fixed number of lines of a kind in a minute. One line at the end of that minute gives the number of the others.
 *
 * @param what names the lines that were left out, such as "refused requests"
 */
export function createLogSampler(logger: Logger, what: string): LogSampler {
  let seen = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function startAgain(): void {
    for (const [kind, count] of seen) {
      if (count > LINES) logger.warn({ kind, leftOut: count - LINES }, `${what} without a line of their own`);
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
