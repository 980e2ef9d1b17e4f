import { copyFileSync, existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { logFile, makeRoom } from './logFiles';

/** With the three older files of each part, all logs together are at most some 400 MB. */
const MAX_BYTES = 16 * 1024 * 1024;

const LOOK_MS = 2_000;

/** A log that is written now: those of before have a number. */
const WRITTEN = /^([a-z]+)\.log$/;

/**
 * Keeps every log below a size: a full one is copied beside itself and emptied. It stays the same file, because its
 * part has it open and appends to it; a line that comes between the copy and the emptying is lost. A log that nobody
 * looks after, because the launcher was killed, grows until the next start.
 *
 * @returns ends it
 */
export function keepLogsSmall(folder: string, maxBytes = MAX_BYTES, lookMs = LOOK_MS): () => void {
  const timer = setInterval(() => rotateFull(folder, maxBytes), lookMs).unref();
  return () => clearInterval(timer);
}

function rotateFull(folder: string, maxBytes: number): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder)) {
    const name = WRITTEN.exec(entry)?.[1];
    if (name !== undefined) rotateIfFull(folder, name, maxBytes);
  }
}

function rotateIfFull(folder: string, name: string, maxBytes: number): void {
  try {
    if (statSync(logFile(folder, name, 0)).size > maxBytes) rotate(folder, name);
  } catch {
    // An operator has moved it away in this moment, or may alone write to it: no reason to stop what it is about.
  }
}

function rotate(folder: string, name: string): void {
  const file = logFile(folder, name, 0);
  try {
    copyFileSync(file, makeRoom(folder, name));
  } catch {
    // The disk is full: then this log is given up, so that it does not keep it full.
  }
  truncateSync(file);
}
