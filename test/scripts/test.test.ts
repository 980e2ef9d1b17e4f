import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '../../src/config/repository';

let clone: string;

/** A small clone: our own script, Jest, and three suites. */
beforeAll(() => {
  clone = mkdtempSync(path.join(os.tmpdir(), 'holdfast-test-'));
  cpSync(path.join(repositoryRoot(), 'scripts'), path.join(clone, 'scripts'), { recursive: true });
  symlinkSync(path.join(repositoryRoot(), 'node_modules'), path.join(clone, 'node_modules'));
  mkdirSync(path.join(clone, 'dist'));
  const write = (file: string, text: string): void => writeFileSync(path.join(clone, file), text);
  write('scripts/setUp.mjs', 'export async function setUp() {}');
  write('package.json', '{}');
  write(
    'jest.config.js',
    "module.exports = { testMatch: ['<rootDir>/*.test.js'], reporters: ['default', './scripts/countReporter.cjs'] };",
  );
  write('good.test.js', "it('a', () => {}); it('b', () => {});");
  write('bad.test.js', "it('c', () => { throw new Error('no') });");
  write('broken.test.js', 'this is no JavaScript');
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

function run(...suites: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/test.mjs', ...suites], {
    cwd: clone,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return { status, lastLine: stdout.trim().split('\n').at(-1), output: stdout + stderr };
}

describe('npm test', () => {
  it('ends with the counts, and with code 0 if all tests passed', () => {
    expect(run('good.test.js')).toMatchObject({ status: 0, lastLine: '2 passed, 0 failed' });
  });

  it('counts a suite that could not run, and ends with code 1', () => {
    expect(run()).toMatchObject({ status: 1, lastLine: '2 passed, 2 failed' });
  });

  it('counts a run without counts as a failure', () => {
    expect(run('--config=nowhere.json')).toMatchObject({ status: 1, lastLine: '0 passed, 1 failed' });
  });

  it('announces no file that does not exist afterwards', () => {
    expect(run('good.test.js').output).not.toContain('written to');
  });
});
