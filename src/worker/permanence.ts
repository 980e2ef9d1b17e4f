import { types } from 'node:util';
import { ZodError } from 'zod';
import { PermanentError } from '../domain/permanentError';

/**
 * SQLSTATE classes of a statement that will fail again with the same data. 22: the value cannot be stored. 23: a
 * constraint; code that expects a conflict catches it. 42: no such table or column, or no right to it.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PERMANENT_SQLSTATES = /^(22|23|42)[0-9A-Z]{3}$/;

/**
 * Whether a step that failed cannot succeed until its cause is fixed. Every other failure may pass, and the step is
 * tried again: a part that is away, a deadlock, a timeout, a gateway without a response. The function follows the
 * causes of an error, because clients wrap errors.
 *
 * @returns what is wrong, without personal data; null if the failure may pass
 */
export function permanentCauseOf(error: unknown): string | null {
  for (let current = error; types.isNativeError(current); current = current.cause) {
    if (current instanceof PermanentError) return current.message;
    if (current instanceof ZodError) return `a record is malformed at ${pathsOf(current)}`;
    const state = 'code' in current && typeof current.code === 'string' ? current.code : '';
    if (PERMANENT_SQLSTATES.test(state)) return `Postgres rejects it: ${namesOf(current, state)}`;
  }
  return null;
}

const pathsOf = ({ issues }: ZodError): string => issues.map(({ path }) => path.join('.')).join(', ');

/** Only names: the message and the detail of a Postgres error may quote a row. */
function namesOf(error: Error, state: string): string {
  const names = ['table', 'column', 'constraint'].flatMap((kind) => {
    const name: unknown = Reflect.get(error, kind);
    return typeof name === 'string' ? [`${kind} ${name}`] : [];
  });
  return [`SQLSTATE ${state}`, ...names].join(', ');
}
