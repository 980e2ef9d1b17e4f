import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { Logger } from '../config/logging';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's own lines through the process's one logger. */
export function temporalLogger(logger: Logger): DefaultLogger {
  return new DefaultLogger('INFO', ({ level, message, meta }: LogEntry) => {
    logger[LEVELS[level]](meta ?? {}, message);
  });
}
