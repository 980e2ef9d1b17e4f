import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Report } from '../failure';
import { makeFolder } from '../folders';

/** Older files of each part, of earlier starts or of the same. */
export const KEPT = 3;
const POLL_MS = 500;
/** pino's number for "warn". */
const WARN = 40;

/** The log of a part of this start. Three older files are kept beside it; the oldest goes. */
export function openLog(folder: string, name: string): string {
  makeFolder(folder, 0o700);
  const file = logFile(folder, name, 0);
  if (existsSync(file)) renameSync(file, makeRoom(folder, name));
  closeSync(openSync(file, 'a', 0o600));
  return file;
}

/** `api.log` is written, `api.1.log` is the one before. */
export function logFile(folder: string, name: string, age: number): string {
  return path.join(folder, age === 0 ? `${name}.log` : `${name}.${age}.log`);
}

/** Moves the older files on by one. @returns the name that is free now */
export function makeRoom(folder: string, name: string): string {
  for (let age = KEPT - 1; age >= 1; age -= 1) {
    const from = logFile(folder, name, age);
    if (existsSync(from)) renameSync(from, logFile(folder, name, age + 1));
  }
  return logFile(folder, name, 1);
}

/**
 * Shows the warnings and errors that a part writes into its log (JSON lines of pino), and what is no JSON.
 * Polled: the part writes straight into the file, and goes on doing so when we are gone.
 *
 * @returns ends it, after what is there by now has been shown
 */
export function followLog(name: string, file: string, report: Report): () => void {
  const descriptor = openSync(file, 'r');
  let position = 0;
  let rest = '';
  const read = (): void => {
    const { size } = fstatSync(descriptor);
    // It was full, and is written from its beginning again: see `keepLogsSmall`.
    if (size < position) position = 0;
    const chunk = Buffer.alloc(size - position);
    position += readSync(descriptor, chunk, 0, chunk.length, position);
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter(isForOperator)) report(`[${name}] ${wordsOf(line)}`);
  };
  const timer = setInterval(read, POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    read();
    closeSync(descriptor);
  };
}

/** What a line of a log says: the message of one in JSON, with the reason behind it, and any other line itself. */
export function wordsOf(line: string): string {
  const entry = entryOf(line);
  if (entry === null || !('msg' in entry)) return line;
  const error = 'err' in entry && typeof entry.err === 'object' && entry.err !== null ? entry.err : {};
  const reason = 'message' in error ? `: ${String(error.message)}` : '';
  return `${String(entry.msg)}${reason}`;
}

/** Warnings, errors, and what is no line of a log of ours. */
export function isForOperator(line: string): boolean {
  const entry = entryOf(line);
  if (entry === null || !('level' in entry)) return line !== '';
  return typeof entry.level !== 'number' || entry.level >= WARN;
}

function entryOf(line: string): object | null {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' ? entry : null;
  } catch {
    return null;
  }
}
