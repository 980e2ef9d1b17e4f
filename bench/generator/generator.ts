import path from 'node:path';
import { startChild, type Child } from '../processes/child';
import type { GeneratorCommand } from './protocol';

export type Generator = Child<GeneratorCommand>;

/** The load generator is a process of its own, so that what it costs can be told from what it measures. */
export const startGenerator = (): Promise<Generator> => startChild(path.join(__dirname, 'process.js'), {});
