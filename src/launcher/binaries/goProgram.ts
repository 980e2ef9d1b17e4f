import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { install } from './cache';
import { findOnPath, run, withProgress } from './commands';
import { LaunchFailure, type Report } from '../failure';

/** A server or tool that its authors publish as Go source. */
export interface GoProgram {
  /** The argument of `go install`, such as `github.com/temporalio/cli/cmd/temporal@v1.5.1`. */
  module: string;
  /** The name of its folder in the cache. */
  cacheName: string;
  /** For the operator: what the launcher builds, and how long that takes. */
  what: string;
}

/**
 * A build takes three to four minutes on two idle cores; on busy cores it took six times as long. Go keeps what it
 * has built so far.
 */
const LONGEST_MS = 60 * 60_000;

/**
 * Builds a program into the cache.
 *
 * @returns its folder
 * @throws {LaunchFailure} if Go is missing or the build fails
 */
export async function buildWithGo({ module, cacheName, what }: GoProgram, report: Report): Promise<string> {
  const go = findOnPath('go');
  if (!go) throw new LaunchFailure('Go is not installed, so the launcher cannot build it');
  const fill = async (folder: string): Promise<void> => {
    const work = path.join(folder, 'build');
    await mkdir(work);
    const env = { ...process.env, GOBIN: folder, GOTMPDIR: work };
    await run(go, ['install', module], { timeoutMs: LONGEST_MS, env });
    await rm(work, { recursive: true });
  };
  return withProgress(report, what, install(cacheName, report, fill));
}
