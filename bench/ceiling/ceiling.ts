import path from 'node:path';
import { startChild, type Child } from '../processes/child';
import type { CeilingCommand, CeilingTarget } from './protocol';

export type Ceiling = Child<CeilingCommand>;

/** Starts the process that measures what Temporal can do without Holdfast. Resolves once its worker polls. */
export const startCeiling = (target: CeilingTarget): Promise<Ceiling> =>
  startChild(path.join(__dirname, 'process.js'), target);
