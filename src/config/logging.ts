import { pino, type Logger } from 'pino';

export type { Logger };

/** The maximum size of lines that wait for a full disk. Further lines are dropped. */
const LONGEST_WAIT_BYTES = 1024 * 1024;

/**
 * Writes JSON lines to stdout, with one logger for each process. Paths that can hold a credential are redacted here, in
 * one place, so that callers need not remember it.
 */
export function createLogger(name: string, level: string): Logger {
  // Synchronous: a process that ends loses no line, and does not wait for a full disk at its end.
  const stdout = pino.destination({ dest: 1, sync: true, maxLength: LONGEST_WAIT_BYTES });
  // Without a listener, a full disk would end the process. The error cannot be logged anywhere, but `/readyz` shows it.
  stdout.on('error', () => undefined);
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        '*.password',
        '*.queueToken',
        '*.refreshToken',
        '*.accessToken',
        '*.authorization',
        '*.paymentKey',
        'req.headers.authorization',
        'req.headers["x-queue-token"]',
        'req.headers.cookie',
      ],
      censor: '[redacted]',
    },
  };
  return pino(options, stdout);
}
