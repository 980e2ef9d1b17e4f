import path from 'node:path';
import { startChild, type Child } from '../processes/child';
import type { GeneratorCommand } from './protocol';

export type Generator = Child<GeneratorCommand>;

/**
 * The load generator is a separate process, so that its own cost can be separated from the cost of what it measures.
 */
export const startGenerator = (): Promise<Generator> => startChild(path.join(__dirname, 'process.js'), {});
