import { types } from 'node:util';
import { ZodError } from 'zod';
import { PermanentError } from '../domain/permanentError';

/**
 * SQLSTATE classes of a statement that will fail again with the same data: 22 (the value cannot be stored), 23 (a
 * constraint; conflicts that are expected are caught where they arise) and 42 (no such table or column, or no right to
 * it). https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const HOPELESS_SQLSTATES = /^(22|23|42)[0-9A-Z]{3}$/;

/**
 * Whether what has failed can never succeed as things are. Everything else may pass, and is tried again: a part that is
 * away, a deadlock, a timeout, a gateway without an answer. Causes are followed, because clients wrap.
 *
 * @returns what is wrong, without anybody's data; null where it may pass
 */
export function whyHopeless(error: unknown): string | null {
  for (let current = error; types.isNativeError(current); current = current.cause) {
    if (current instanceof PermanentError) return current.message;
    if (current instanceof ZodError) return `a record is malformed at ${pathsOf(current)}`;
    const state = 'code' in current && typeof current.code === 'string' ? current.code : '';
    if (HOPELESS_SQLSTATES.test(state)) return `Postgres refuses it: ${namesOf(current, state)}`;
  }
  return null;
}

const pathsOf = ({ issues }: ZodError): string => issues.map(({ path }) => path.join('.')).join(', ');

/** The message and the detail of an error of Postgres may quote a row. */
function namesOf(error: Error, state: string): string {
  const names = ['table', 'column', 'constraint'].flatMap((kind) => {
    const name: unknown = Reflect.get(error, kind);
    return typeof name === 'string' ? [`${kind} ${name}`] : [];
  });
  return [`SQLSTATE ${state}`, ...names].join(', ');
}
