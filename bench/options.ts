import { parseArgs } from 'node:util';
import { SUBJECTS } from './rows';

export interface Options {
  /** The subjects of the rows to measure. Long rows are left out unless the caller asks for them. */
  subjects: ReadonlySet<string>;
  quick: boolean;
  long: boolean;
  plots: boolean;
}

/** @throws with a line for the terminal */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      plots: { type: 'boolean', default: false },
    },
  });
  const { only, ...flags } = values;
  const subjects = only === undefined ? SUBJECTS : only.split(',');
  const unknown = subjects.find((subject) => !SUBJECTS.includes(subject));
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown}: there is no such subject. The subjects are ${SUBJECTS.join(', ')}.`);
  }
  return { subjects: new Set(subjects), ...flags };
}
