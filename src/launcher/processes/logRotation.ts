import { copyFileSync, existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { logFile, shiftOlderLogs } from './logFiles';

/** With the three older files of each part, all logs together take at most about 400 MB. */
const MAX_BYTES = 16 * 1024 * 1024;

const LOOK_MS = 2_000;

/** A log that a part writes now. Older logs have a number in their name. */
const WRITTEN = /^([a-z]+)\.log$/;

/**
 * Keeps every log below a size: it copies a full log to a second file and empties the first. The file stays the same,
 * because its part has it open and appends to it. A line that the part writes between the copy and the emptying is
 * lost. If the launcher was killed, no process rotates the logs, and they grow until the next start.
 *
 * @returns stops it
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
    // An operator has just moved the file away, or only another user may write to it. The launcher goes on.
  }
}

function rotate(folder: string, name: string): void {
  const file = logFile(folder, name, 0);
  try {
    copyFileSync(file, shiftOlderLogs(folder, name));
  } catch {
    // The disk is full. The launcher drops this log, so that the log does not keep the disk full.
  }
  truncateSync(file);
}
