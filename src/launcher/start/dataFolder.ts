import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import { freeBytes, MEGABYTE } from '../../config/diskSpace';
import { LaunchFailure, reasonOf } from '../failure';
import { makeFolder } from '../folders';
import { readIdentity, writeOwnIdentity } from './identityFile';
import { isRunning } from '../processes/processIdentity';

/** Postgres needs about 60 MB at first, and its write-ahead log about as much again. */
const NEEDED_MB = 300;

/**
 * Takes a data folder for this launcher only, and makes the folder if it does not exist. The lock names one run of
 * one process. So another launcher takes over the lock of a killed launcher immediately, even if another process has
 * its pid now.
 *
 * @returns releases the folder
 * @throws {LaunchFailure} if the folder is in use or cannot be written, or if its disk is full
 */
export async function takeDataFolder(folder: string): Promise<() => void> {
  const owner = path.join(folder, 'launcher.json');
  try {
    makeFolder(folder);
    // When the launcher runs as root, the user of Postgres must be able to enter. No other user needs to list the
    // folder.
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

/** Writes a private file completely or not at all. */
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
