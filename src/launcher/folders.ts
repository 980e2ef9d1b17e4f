import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from './failure';

/**
 * Makes a folder and those above it, one after the other. Node's own `recursive` never returns below folders such
 * as /proc, which are there and in which nothing can be made (seen with Node 20.20).
 *
 * @param mode of the last folder only
 * @throws the operating system's refusal
 */
export function makeFolder(folder: string, mode = 0o777): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process has made it in between.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
