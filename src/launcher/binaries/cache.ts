import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import { codeOf, LaunchFailure, reasonOf, type Report } from '../failure';
import { makeFolder } from '../folders';

/**
 * The folder of the downloaded components, which all clones share: `HOLDFAST_CACHE_DIR`, or the user's cache folder.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['HOLDFAST_CACHE_DIR'];
  if (own) return path.resolve(own);
  const userCache = env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  return path.join(userCache, 'holdfast');
}

/** The folder of a component in the cache, if it exists. Each component in the cache is complete: see `install`. */
export function cached(name: string): string | undefined {
  const folder = path.join(cacheFolder(), name);
  return existsSync(folder) ? folder : undefined;
}

/**
 * Puts a component into the cache. `fill` works in a temporary folder, which gets the component's name only when
 * `fill` has finished. So no process takes an incomplete download for a component. One process at a time gets a
 * component. Another process that wants it waits and then finds it.
 *
 * @throws {LaunchFailure} if the cache cannot be written; also throws every error of `fill`
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
  // The library identifies a lock by this path, so each component needs its own path. The path need not exist.
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

/** Removes what a killed download left. The caller holds the lock, so no other process works there. */
async function removeLeftovers(root: string, name: string): Promise<void> {
  const leftovers = (await readdir(root)).filter((entry) => entry.startsWith(partial(name)));
  await Promise.all(leftovers.map((entry) => rm(path.join(root, entry), { recursive: true, force: true })));
}

function partial(name: string): string {
  return `partial-${name}-`;
}
