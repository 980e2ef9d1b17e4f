import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { Logger } from '../config/logging';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** The core logs this for each poller and each try while Temporal is away. */
const RETRIED_POLL = /^gRPC call poll_\w+ retried \d+ times$/;
const ONCE_IN_MS = 60_000;

/** Sends Temporal's own log lines through the logger of the process. An outage of Temporal is logged once a minute. */
export function temporalLogger(logger: Logger, now: () => number = Date.now): DefaultLogger {
  let toldAt = -Infinity;
  return new DefaultLogger('INFO', ({ level, message, meta = {} }: LogEntry) => {
    if (!RETRIED_POLL.test(message)) {
      logger[LEVELS[level]](withError(meta), message);
      return;
    }
    const isNews = now() - toldAt >= ONCE_IN_MS;
    if (isNews) toldAt = now();
    logger[isNews ? 'warn' : 'debug'](withError(meta), 'Temporal does not answer; the worker keeps asking');
  });
}

/** Renames `error` to `err`: the logger writes an error completely only under that name. */
function withError({ error, ...meta }: Record<string, unknown>): Record<string, unknown> {
  if (error === undefined) return meta;
  return { ...meta, err: error };
}
