import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '../../src/config/repository';

let clone: string;

beforeEach(() => {
  clone = makeClone();
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

/** A small clone: our own set-up, and a build that needs a development package. */
function makeClone(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-clone-'));
  const write = (file: string, content: unknown): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(path.join(folder, file), text, { mode: 0o755 });
  };
  const project = { name: 'clone', version: '1.0.0', devDependencies: { 'build-tool': 'file:build-tool' } };
  const tool = { name: 'build-tool', version: '1.0.0', bin: { 'build-tool': 'build.js' } };
  write('package.json', { ...project, private: true, scripts: { build: 'build-tool' } });
  write('package-lock.json', {
    ...project,
    lockfileVersion: 3,
    packages: {
      '': project,
      'build-tool': { ...tool, dev: true },
      'node_modules/build-tool': { resolved: 'build-tool', link: true },
    },
  });
  write('build-tool/package.json', tool);
  write('build-tool/build.js', "#!/usr/bin/env node\nrequire('node:fs').mkdirSync('dist');\n");
  cpSync(path.join(repositoryRoot(), 'scripts/setUp.mjs'), path.join(folder, 'scripts/setUp.mjs'));
  return folder;
}

function setUp(env: NodeJS.ProcessEnv) {
  const script = "import('./scripts/setUp.mjs').then(({ setUp }) => setUp())";
  return spawnSync(process.execPath, ['-e', script], {
    cwd: clone,
    env: { PATH: process.env['PATH'], HOME: clone, ...env },
    encoding: 'utf8',
  });
}

describe('the set-up of a fresh clone', () => {
  it.each([
    ['nothing in the environment', {}],
    ['NODE_ENV=production', { NODE_ENV: 'production' }],
    ['npm set to leave out development packages', { npm_config_omit: 'dev' }],
  ])('installs the packages for the build, and builds: %s', (_case, env) => {
    const { status, stderr } = setUp(env);

    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(existsSync(path.join(clone, 'dist/.built'))).toBe(true);
  });
});
