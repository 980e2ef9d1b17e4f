import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { Logger } from '../config/logging';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** The core says so for each poller and each try while Temporal is away. */
const RETRIED_POLL = /^gRPC call poll_\w+ retried \d+ times$/;
const ONCE_IN_MS = 60_000;

/**
 * Temporal's own lines through the process's one logger. An outage of Temporal is logged once a minute.
 *
 * @param now milliseconds since 1970
 */
export function temporalLogger(logger: Logger, now: () => number = Date.now): DefaultLogger {
  let toldAt = -Infinity;
  return new DefaultLogger('INFO', ({ level, message, meta = {} }: LogEntry) => {
    if (!RETRIED_POLL.test(message)) {
      logger[LEVELS[level]](withError(meta), message);
      return;
    }
    const isNews = now() - toldAt >= ONCE_IN_MS;
    if (isNews) toldAt = now();
    logger[isNews ? 'warn' : 'debug'](withError(meta), 'Temporal does not answer; the worker goes on asking');
  });
}

/** An error is written whole under the name that the logger knows. */
function withError({ error, ...meta }: Record<string, unknown>): Record<string, unknown> {
  if (error === undefined) return meta;
  return { ...meta, err: error };
}
