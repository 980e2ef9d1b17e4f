// The set-up that every command runs first. Plain JavaScript without packages, because nothing is installed yet.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const oldestNode = { major: 20, minor: 19 };
const lockFolder = path.join(root, '.data-setup');

/** Checks that Node is recent enough, installs the dependencies of the lock file, and builds `dist`. */
export async function setUp() {
  process.chdir(root);
  checkNode();
  await withLock(() => {
    installDependencies();
    build(
      'dist/.built',
      ['src', 'sandbox', 'demo', 'audit', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
      'build',
    );
  });
}

/** Builds the benchmark. The service does not need it. */
export async function setUpBench() {
  await setUp();
  const sources = ['bench', 'src', 'tsconfig.json', 'tsconfig.bench.json', 'package-lock.json'];
  await withLock(() => build('dist/bench/.built', sources, 'build:bench'));
}

/**
 * Prints one line and ends the process with exit code 1.
 *
 * @param {string} line
 * @returns {never}
 */
export function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode.major || (major === oldestNode.major && minor >= oldestNode.minor)) return;
  const needed = `${oldestNode.major}.${oldestNode.minor}`;
  fail(`Holdfast needs Node ${needed} or later. This is Node ${process.versions.node}.`);
}

function installDependencies() {
  if (isInstalled()) return;
  process.stdout.write('Installing the dependencies (npm ci), once; takes about a minute ...\n');
  // Explicit flags, because NODE_ENV=production or npm's own settings would leave out the compiler and Postgres.
  const everything = ['--include=dev', '--include=optional'];
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  npm(['ci', ...everything, ...quiet], 'npm ci failed: see above.');
}

/** npm keeps a list of what it installed. For this platform, the list must have the versions of the lock file. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([name, { version, optional }]) => {
    if (name === '') return true;
    const found = installed[name];
    return found ? found.version === version : optional === true;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function packagesOf(file) {
  try {
    /** @type {{ packages: Record<string, { version?: string, optional?: boolean }> }} */
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- npm's file, in npm's format
    const lock = JSON.parse(readFileSync(file, 'utf8'));
    return lock.packages;
  } catch {
    return undefined;
  }
}

/**
 * Builds if a source is newer than the stamp. The stamp gets the time when the build began, so that a file saved
 * during the build is built the next time.
 *
 * @param {string} stamp
 * @param {string[]} sources
 * @param {string} script
 */
function build(stamp, sources, script) {
  const startedAt = new Date();
  if (sources.every((source) => newest(source) < modified(stamp))) return;
  // An earlier release compiled to other paths. What is left of it would still start.
  if (existsSync('dist') && !existsSync('dist/src')) rmSync('dist', { recursive: true });
  process.stdout.write('Building; takes some seconds ...\n');
  npm(['run', '--silent', '--no-update-notifier', script], 'The build failed: see above.');
  writeFileSync(stamp, '');
  utimesSync(stamp, startedAt, startedAt);
}

/**
 * @param {string[]} args
 * @param {string} failure
 */
function npm(args, failure) {
  const { status } = spawnSync('npm', args, { stdio: 'inherit' });
  if (status === 0) return;
  rmSync(lockFolder, { recursive: true, force: true });
  fail(failure);
}

/** @param {string} file */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * Folders count as well, because a deleted file changes only its folder.
 *
 * @param {string} file
 * @returns {number}
 */
function newest(file) {
  if (!statSync(file, { throwIfNoEntry: false })?.isDirectory()) return modified(file);
  return Math.max(modified(file), ...readdirSync(file).map((name) => newest(path.join(file, name))));
}

/**
 * Takes a lock for the work, because two commands on a fresh clone must not install and build at the same time. It
 * takes over the lock of a dead process.
 *
 * @param {() => void} work
 */
async function withLock(work) {
  for (;;) {
    try {
      mkdirSync(lockFolder);
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') fail(`${root} cannot be written: ${String(error)}`);
    }
    if (!isHeld()) rmSync(lockFolder, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 500));
  }
  try {
    writeFileSync(path.join(lockFolder, 'pid'), String(process.pid));
    work();
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}

function isHeld() {
  try {
    process.kill(Number(readFileSync(path.join(lockFolder, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    // Another process has just made the lock and has not written its pid yet: the lock counts as held.
    if (codeOf(error) === 'ENOENT') return Date.now() - modified(lockFolder) < 2_000;
    return codeOf(error) === 'EPERM';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
