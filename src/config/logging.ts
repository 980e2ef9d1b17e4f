import { pino, type Logger } from 'pino';

export type { Logger };

/** Lines that wait for a disk that is full; further ones are dropped. */
const LONGEST_WAIT_BYTES = 1024 * 1024;

/**
 * JSON lines on stdout, one logger a process. Paths that can hold a credential are redacted here, in one
 * place, so that no call site has to remember it.
 */
export function createLogger(name: string, level: string): Logger {
  // At once: a process that ends loses no line, and does not wait at its end for a disk that is full.
  const stdout = pino.destination({ dest: 1, sync: true, maxLength: LONGEST_WAIT_BYTES });
  // Without a listener a full disk would end the process. There is no place to report it; `/readyz` shows it.
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
