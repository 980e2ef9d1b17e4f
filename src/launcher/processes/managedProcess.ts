import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchFailure, reasonOf } from '../failure';
import { isForOperator, logTextOf } from './logFiles';
import { identify, type ProcessIdentity } from './processIdentity';

export interface ProcessSpec {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** The process writes stdout and stderr directly to this file, so the output survives the launcher's death. */
  logFile: string;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** This signal asks the process to end cleanly. */
  stopSignal: 'SIGINT' | 'SIGTERM';
  /** How long the process may take to end before it is killed. */
  graceMs: number;
}

/** A child process that we started and that we end. */
export interface ManagedProcess {
  readonly name: string;
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended, and says how. Never rejects. */
  readonly exited: Promise<string>;
  hasExited(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Asks the process to end cleanly, then sends SIGKILL. Resolves when the process has ended. */
  stop(): Promise<void>;
  /** The last warnings and errors of its log, on one line. If there are none, its last lines. */
  lastWords(): string;
}

export type Spawner = (spec: ProcessSpec) => ManagedProcess;

/**
 * Gets every start and end of a process, so that a later start can find and end a process that a crash left behind.
 */
export interface ProcessWatcher {
  started(process: ManagedProcess, spec: ProcessSpec): void;
  ended(process: ManagedProcess): void;
}

/** Starts child processes, each in its own session. So only the launcher gets Ctrl-C, and it stops them in order. */
export function createSpawner(watcher: ProcessWatcher): Spawner {
  return (spec) => {
    const log = openSync(spec.logFile, 'a', 0o600);
    const child = spawn(spec.command, spec.args, {
      env: spec.env,
      stdio: ['ignore', log, log],
      detached: true,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    closeSync(log);
    let gone = false;
    const exited = new Promise<string>((resolve) => {
      const end = (how: string): void => {
        gone = true;
        watcher.ended(managed);
        resolve(how);
      };
      child.once('exit', (code, signal) => end(signal ? `ended by ${signal}` : `exit code ${code}`));
      child.once('error', (error) => end(error.message));
    });
    const managed: ManagedProcess = {
      name: spec.name,
      identity: (child.pid === undefined ? null : identify(child.pid)) ?? { pid: -1, started: 'never' },
      exited,
      hasExited: () => gone,
      signal: (signal) => {
        if (!gone) child.kill(signal);
      },
      stop: async () => {
        managed.signal(spec.stopSignal);
        const forced = new AbortController();
        const timer = sleep(spec.graceMs, undefined, { signal: forced.signal }).then(
          () => managed.signal('SIGKILL'),
          () => undefined,
        );
        await exited;
        forced.abort();
        await timer;
      },
      lastWords: () => lastLines(spec.logFile),
    };
    try {
      watcher.started(managed, spec);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return managed;
  };
}

/**
 * Calls `check` repeatedly until it no longer throws.
 *
 * @throws {LaunchFailure} if the process ends first or the time is over; the message has the last words of the
 *   process
 */
export async function untilReady<T>(
  managed: ManagedProcess,
  check: () => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    let why: unknown;
    try {
      const answer = await check();
      // If the process has ended, another server on the same port gave this response.
      if (!managed.hasExited()) return answer;
    } catch (error) {
      why = error;
    }
    if (managed.hasExited()) {
      throw new LaunchFailure(`${managed.name} stopped (${await managed.exited}): ${managed.lastWords()}`);
    }
    if (Date.now() > until) {
      const seconds = timeoutMs / 1000;
      throw new LaunchFailure(
        `${managed.name} was not ready after ${seconds} s (${reasonOf(why)}): ${managed.lastWords()}`,
      );
    }
    await sleep(50);
  }
}

/** Waits for a process that has been started. If that fails, ends the process first. */
export async function orStop(managed: ManagedProcess, ready: Promise<unknown>): Promise<ManagedProcess> {
  try {
    await ready;
  } catch (error) {
    await managed.stop();
    throw error;
  }
  return managed;
}

function lastLines(file: string): string {
  try {
    const lines = readFileSync(file, 'utf8').trim().split('\n').slice(-50);
    const complaints = lines.filter(isForOperator);
    const last = (complaints.length > 0 ? complaints : lines).slice(-3);
    return last.map(logTextOf).join(' | ').slice(-600);
  } catch {
    return '';
  }
}
