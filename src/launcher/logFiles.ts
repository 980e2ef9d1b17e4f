import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Report } from './failure';
import { makeFolder } from './folders';

const KEPT = 3;
const POLL_MS = 500;
/** pino's number for "warn". */
const WARN = 40;

/** The log of a part of this start; those of the three starts before are kept beside it. */
export function openLog(folder: string, name: string): string {
  makeFolder(folder, 0o700);
  const file = (age: number): string => path.join(folder, age === 0 ? `${name}.log` : `${name}.${age}.log`);
  for (let age = KEPT - 1; age >= 0; age -= 1) {
    if (existsSync(file(age))) renameSync(file(age), file(age + 1));
  }
  closeSync(openSync(file(0), 'a', 0o600));
  return file(0);
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
    const chunk = Buffer.alloc(fstatSync(descriptor).size - position);
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
