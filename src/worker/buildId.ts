import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../config/repository';

/** The file to which the build writes the id. */
export const BUILD_ID_PATH = path.join(repositoryRoot(), 'dist/build-id');

/** The imports of these files reach everything that a worker runs. */
const ENTRIES = ['src/worker/main.js', 'src/worker/workflowThreads/leanThread.js', 'src/workflows/index.js'];

/** What the compiler writes for an import of one of our files. */
const OWN_IMPORT = /\brequire\("(\.[^"]+)"\)/g;

/** The name of a Lua script in a call of `luaScript`. The script is in the folder of the compiled file. */
const LUA_SCRIPT = /['"]([^'"]+\.lua)['"]/g;

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), dev: z.boolean().optional() })),
});

/**
 * Names the code of a worker: 16 hex digits of a SHA-256. It covers each compiled file that the worker's main file or
 * the workflows import, the Lua scripts of these files, and the packages that the lock file names for production. So
 * the id is the same on every machine, and changes with the worker's code. A new package of the API changes it too: the
 * lock file does not say which package belongs to which part.
 *
 * @param dist the folder of the compiled files
 * @param lockFile `package-lock.json`
 */
export function buildIdOf(dist: string, lockFile: string): string {
  const hash = createHash('sha256');
  const files = new Set(ENTRIES.map((entry) => path.join(dist, entry)));
  // The iteration of a set includes what is added during it.
  for (const file of files) for (const used of usedBy(file)) files.add(used);
  for (const file of [...files].toSorted()) {
    hash
      .update(`${path.relative(dist, file)}\n`)
      .update(readFileSync(file))
      .update('\n');
  }
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(lockFile, 'utf8')));
  for (const [name, { version, dev }] of Object.entries(packages)) {
    if (name !== '' && dev !== true) hash.update(`${name} ${version ?? ''}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** The id that `npm run build` has written. */
export function readBuildId(): string {
  return readFileSync(BUILD_ID_PATH, 'utf8').trim();
}

/** The files of ours that a compiled file imports, and the Lua scripts that it reads. */
function usedBy(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const { resolve } = createRequire(file);
  return [
    ...Array.from(text.matchAll(OWN_IMPORT), ([, specifier = '']) => resolve(specifier)),
    ...Array.from(text.matchAll(LUA_SCRIPT), ([, name = '']) => path.join(path.dirname(file), name)),
  ];
}
