import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import { freeBytes, MEGABYTE } from '../../config/diskSpace';
import { LaunchFailure, reasonOf } from '../failure';
import { makeFolder } from '../folders';
import { readIdentity, writeOwnIdentity } from './identityFile';
import { isRunning } from '../processes/processIdentity';

/** Postgres alone takes some 60 MB at first, its log of changes as much again. */
const NEEDED_MB = 300;

/**
 * Takes a data folder for this launcher alone; made when it is not there. The lock names one run of one
 * process, so that of a launcher which was killed is taken over at once, whoever has its pid now.
 *
 * @returns gives the folder back
 * @throws {LaunchFailure} when it is in use, cannot be written, or its disk is full
 */
export async function takeDataFolder(folder: string): Promise<() => void> {
  const owner = path.join(folder, 'launcher.json');
  try {
    makeFolder(folder);
    // As root, Postgres' own user has to pass; nobody has to list.
    chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700);
    const release = await lockfile.lock(folder, {
      stale: 5_000,
      retries: { retries: 40, factor: 1, minTimeout: 200, maxTimeout: 200 },
    });
    try {
      refuseIfInUse(folder, owner);
      writeOwnIdentity(owner);
    } finally {
      await release();
    }
  } catch (error) {
    if (error instanceof LaunchFailure) throw error;
    throw new LaunchFailure(
      `the data folder ${folder} cannot be written (${reasonOf(error)}): set DATA_DIR to another one`,
    );
  }
  const left = Math.floor((await freeBytes(folder)) / MEGABYTE);
  if (left < NEEDED_MB) {
    rmSync(owner);
    throw new LaunchFailure(
      `the disk of ${folder} is full (${left} MB left, ${NEEDED_MB} MB needed): free some space, or set DATA_DIR`,
    );
  }
  return () => rmSync(owner, { force: true });
}

/** Writes a private file whole or not at all. */
export function writeWhole(file: string, content: string): void {
  const partial = `${file}.partial`;
  writeFileSync(partial, content, { mode: 0o600 });
  renameSync(partial, file);
}

function refuseIfInUse(folder: string, owner: string): void {
  const other = readIdentity(owner);
  if (!other || !isRunning(other)) return;
  throw new LaunchFailure(
    `the data folder ${folder} is in use by another start (pid ${other.pid}): stop it, or set DATA_DIR`,
  );
}
