import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from './failure';

/**
 * Makes a folder and the folders above it, one after the other. Node's own `recursive` never returns for a path below
 * a folder such as /proc, which exists but in which nothing can be made (seen with Node 20.20).
 *
 * @param mode of the last folder only
 * @throws the error of the operating system
 */
export function makeFolder(folder: string, mode = 0o777): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process made the folder in the meantime.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
