import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureLinks, findPostgresBinaries } from '../../src/launcher/binaries/postgresBinaries';

let folder: string;

/** The package as npm leaves it without running install scripts. */
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-postgres-'));
  const installed = path.join(findPostgresBinaries(), '..', '..');
  cpSync(path.join(installed, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
  cpSync(path.join(installed, 'package.json'), path.join(folder, 'package.json'));
  mkdirSync(path.join(folder, 'native', 'lib'), { recursive: true });
  writeFileSync(path.join(folder, 'native/lib/libpq.so.5.18'), '');
  writeFileSync(
    path.join(folder, 'native/pg-symlinks.json'),
    '[{ "source": "native/lib/libpq.so.5.18", "target": "native/lib/libpq.so.5" }]',
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the links of the embedded Postgres', () => {
  it('are made at the start if npm has ignored the install script', () => {
    ensureLinks(folder);

    expect(existsSync(path.join(folder, 'native/lib/libpq.so.5'))).toBe(true);
  });

  it('cause a failure with one line if they cannot be made', () => {
    rmSync(path.join(folder, 'scripts'), { recursive: true });

    expect(() => ensureLinks(folder)).toThrow(`the launcher cannot make the links in ${folder}`);
  });
});
