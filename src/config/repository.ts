import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder of the clone, independent of where this file was compiled to. */
export function repositoryRoot(): string {
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package-lock.json'))) {
    const above = path.dirname(folder);
    if (above === folder) throw new Error(`no folder above ${__dirname} has package-lock.json`);
    folder = above;
  }
  return folder;
}
