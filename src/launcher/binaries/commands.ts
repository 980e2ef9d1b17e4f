import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { LaunchFailure, reasonOf, type Report } from '../failure';

const execute = promisify(execFile);

/** The full path of a command on the user's PATH, if there is one. */
export function findOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface RunOptions {
  timeoutMs: number;
  cwd?: string;
  uid?: number;
  gid?: number;
  env?: NodeJS.ProcessEnv;
}

/**
 * Runs a tool to its end and returns what it wrote to stdout.
 *
 * @throws {LaunchFailure} if the tool fails or takes too long; the message has the last lines that the tool wrote
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { timeoutMs, ...rest } = options;
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 } as const;
  const work = execute(command, args, { ...rest, ...limits });
  // If the launcher stops while the tool runs, the tool stops too.
  const end = (): void => void work.child.kill('SIGKILL');
  process.once('exit', end);
  try {
    return (await work).stdout;
  } catch (error) {
    throw new LaunchFailure(`${path.basename(command)} failed: ${lastWords(error)}`);
  } finally {
    process.off('exit', end);
  }
}

/** Reports that a long task runs: now, and after 10, 20, 40, ... seconds, until it ends. */
export async function withProgress<T>(report: Report, what: string, work: Promise<T>): Promise<T> {
  report(`${what} ...`);
  let seconds = 10;
  let timer = setTimeout(function again() {
    report(`${what} ... ${seconds} s so far`);
    timer = setTimeout(again, seconds * 1_000);
    seconds *= 2;
  }, seconds * 1_000);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

function lastWords(error: unknown): string {
  if (error instanceof Error && 'killed' in error && error.killed === true) return 'it took too long';
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return stderr === '' ? reasonOf(error) : stderr.split('\n').slice(-3).join(' ');
}
