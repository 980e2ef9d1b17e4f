import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Report } from '../failure';
import { makeFolder } from '../folders';

/** The number of older files that each part keeps, from earlier starts or from this one. */
export const KEPT = 3;
const POLL_MS = 500;
/** pino's number for "warn". */
const WARN = 40;

/** Opens the log of a part for this start. Keeps three older files beside it and drops the oldest. */
export function openLog(folder: string, name: string): string {
  makeFolder(folder, 0o700);
  const file = logFile(folder, name, 0);
  if (existsSync(file)) renameSync(file, shiftOlderLogs(folder, name));
  closeSync(openSync(file, 'a', 0o600));
  return file;
}

/** The part writes `api.log`; `api.1.log` is the file before it. */
export function logFile(folder: string, name: string, age: number): string {
  return path.join(folder, age === 0 ? `${name}.log` : `${name}.${age}.log`);
}

/** Renames each older file to the next number. @returns the name that is free now */
export function shiftOlderLogs(folder: string, name: string): string {
  for (let age = KEPT - 1; age >= 1; age -= 1) {
    const from = logFile(folder, name, age);
    if (existsSync(from)) renameSync(from, logFile(folder, name, age + 1));
  }
  return logFile(folder, name, 1);
}

/**
 * Shows the warnings and errors that a part writes into its log (JSON lines of pino), and every line that is not
 * JSON. It polls, because the part writes directly into the file and keeps writing after the launcher has ended.
 *
 * @returns stops it, after it has shown what the file contains by then
 */
export function followLog(name: string, file: string, report: Report): () => void {
  const descriptor = openSync(file, 'r');
  let position = 0;
  let rest = '';
  const read = (): void => {
    const { size } = fstatSync(descriptor);
    // The log was full, and the part writes it again from the beginning: see `keepLogsSmall`.
    if (size < position) position = 0;
    const chunk = Buffer.alloc(size - position);
    position += readSync(descriptor, chunk, 0, chunk.length, position);
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter(isForOperator)) report(`[${name}] ${logTextOf(line)}`);
  };
  const timer = setInterval(read, POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    read();
    closeSync(descriptor);
  };
}

/** What a log line says. For a JSON line: its message and the reason. For any other line: the line itself. */
export function logTextOf(line: string): string {
  const entry = entryOf(line);
  if (entry === null || !('msg' in entry)) return line;
  const error = 'err' in entry && typeof entry.err === 'object' && entry.err !== null ? entry.err : {};
  const reason = 'message' in error ? `: ${String(error.message)}` : '';
  return `${String(entry.msg)}${reason}`;
}

/** True for warnings, errors, and lines that none of our loggers wrote. */
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
