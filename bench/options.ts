import { parseArgs } from 'node:util';
import { SUBJECTS } from './rows';

export interface Options {
  /** Of the rows; those that take long are left out unless they are asked for. */
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
    throw new Error(`--only ${unknown}: no row is about it. There are ${SUBJECTS.join(', ')}.`);
  }
  return { subjects: new Set(subjects), ...flags };
}
