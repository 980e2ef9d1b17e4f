import { pino, type Logger } from 'pino';

export type { Logger };

/**
 * JSON lines on stdout, one logger a process. Paths that can hold a credential are redacted here, in one
 * place, so that no call site has to remember it.
 */
export function createLogger(name: string, level: string): Logger {
  return pino({
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
  });
}
