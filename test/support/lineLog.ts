import { pino, type Logger } from 'pino';

/** A logger with readable lines. */
export function createLineLog(): {
  logger: Logger;
  lines: () => Record<string, unknown>[];
  text: () => string;
} {
  let written = '';
  const logger = pino({ level: 'info' }, { write: (line: string) => (written += line) });
  return {
    logger,
    text: () => written,
    lines: () =>
      written
        .split('\n')
        .filter(Boolean)
        .map((line): Record<string, unknown> => {
          const value: unknown = JSON.parse(line);
          if (typeof value !== 'object' || value === null) throw new Error(`not a JSON object: ${line}`);
          return Object.fromEntries(Object.entries(value));
        }),
  };
}
