import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import { codeOf, LaunchFailure, reasonOf, type Report } from '../failure';
import { makeFolder } from '../folders';

/** Where downloaded components live, shared by all clones: `HOLDFAST_CACHE_DIR`, or the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['HOLDFAST_CACHE_DIR'];
  if (own) return path.resolve(own);
  const userCache = env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  return path.join(userCache, 'holdfast');
}

/** The folder of a component in the cache, if it is there. What is there is whole: see `install`. */
export function cached(name: string): string | undefined {
  const folder = path.join(cacheFolder(), name);
  return existsSync(folder) ? folder : undefined;
}

/**
 * Puts a component into the cache. `fill` works in a folder of its own that gets its name only when it is
 * done, so a half-finished download is never taken for a component. One process gets a component at a time;
 * another that wants it waits and then finds it.
 *
 * @throws {LaunchFailure} when the cache cannot be written; whatever `fill` throws
 */
export async function install(
  name: string,
  report: Report,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const root = cacheFolder();
  const target = path.join(root, name);
  const release = await lockComponent(root, name, report);
  try {
    if (existsSync(target)) return target;
    await removeLeftovers(root, name);
    const folder = await mkdtemp(path.join(root, partial(name)));
    try {
      await fill(folder);
      await rename(folder, target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return target;
  } finally {
    await release();
  }
}

async function lockComponent(root: string, name: string, report: Report): Promise<() => Promise<void>> {
  // The library knows its locks by this path, so each component needs one of its own; nothing need be there.
  const target = path.join(root, name);
  const options = { stale: 15_000, realpath: false };
  try {
    makeFolder(root);
    return await lockfile.lock(target, options);
  } catch (error) {
    if (codeOf(error) !== 'ELOCKED') {
      throw new LaunchFailure(
        `the cache ${root} cannot be written (${reasonOf(error)}); set HOLDFAST_CACHE_DIR to another folder`,
      );
    }
  }
  report(`waiting for another process that is getting ${name} ...`);
  const patiently = { forever: true, factor: 1, minTimeout: 500, maxTimeout: 500 };
  return lockfile.lock(target, { ...options, retries: patiently });
}

/** What a killed download left. Called under the lock, so nobody is working there. */
async function removeLeftovers(root: string, name: string): Promise<void> {
  const leftovers = (await readdir(root)).filter((entry) => entry.startsWith(partial(name)));
  await Promise.all(leftovers.map((entry) => rm(path.join(root, entry), { recursive: true, force: true })));
}

function partial(name: string): string {
  return `partial-${name}-`;
}
