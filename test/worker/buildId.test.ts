import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildIdOf } from '../../src/worker/buildId';
import { testEnvironment } from '../support/environment';

const FILES = {
  'src/worker/main.js': 'require("../activities/index"); require("@temporalio/worker");',
  'src/worker/workflowThreads/leanThread.js': 'require("./activity");',
  'src/worker/workflowThreads/activity.js': 'exports.begin = 1;',
  'src/activities/index.js': 'require("../redis/claim");',
  'src/redis/claim.js': "const CLAIM = luaScript(__dirname, 'owner.lua', 'claim.lua');",
  'src/redis/owner.lua': 'local function owner() return 1 end',
  'src/redis/claim.lua': 'return owner()',
  'src/workflows/index.js': 'require("./reservation");',
  'src/workflows/reservation.js': 'exports.reservation = 1;',
  'src/api/main.js': 'require("../activities/index");',
};
const LOCK = {
  '': { version: '1.0.0' },
  'node_modules/pg': { version: '8.0.0' },
  'node_modules/jest': { version: '30.0.0', dev: true },
};

const folders: string[] = [];

afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** The id of a build in a new folder, as on another machine. */
function idOf(files: Record<string, string> = {}, packages: object = {}): string {
  const folder = mkdtempSync(path.join(testEnvironment('TEST_FOLDER'), 'build-'));
  folders.push(folder);
  for (const [name, text] of Object.entries({ ...FILES, ...files })) {
    mkdirSync(path.dirname(path.join(folder, 'dist', name)), { recursive: true });
    writeFileSync(path.join(folder, 'dist', name), text);
  }
  const lockFile = path.join(folder, 'package-lock.json');
  writeFileSync(lockFile, JSON.stringify({ packages: { ...LOCK, ...packages } }));
  return buildIdOf(path.join(folder, 'dist'), lockFile);
}

describe('the id of a build', () => {
  it.each([
    ['a workflow', { 'src/workflows/reservation.js': 'exports.reservation = 2;' }, {}],
    ['an activity', { 'src/activities/index.js': 'exports.step = 2;' }, {}],
    ['a workflow thread', { 'src/worker/workflowThreads/activity.js': 'exports.begin = 2;' }, {}],
    ['a Lua script', { 'src/redis/claim.lua': 'return 2' }, {}],
    ['a shared part of a Lua script', { 'src/redis/owner.lua': 'local function owner() return 2 end' }, {}],
    ['a package', {}, { 'node_modules/pg': { version: '8.0.1' } }],
  ])('changes with %s', (_what, files, packages) => {
    expect(idOf(files, packages)).not.toBe(idOf());
  });

  it.each([
    ['in another folder', {}, {}],
    ['when the API changes', { 'src/api/main.js': '' }, {}],
    ['when a Lua script of the API changes', { 'src/redis/look.lua': 'return 2' }, {}],
    ['when a package for development changes', {}, { 'node_modules/jest': { version: '31.0.0', dev: true } }],
    ['with another release number', {}, { '': { version: '2.0.0' } }],
  ])('is the same %s', (_what, files, packages) => {
    expect(idOf(files, packages)).toBe(idOf());
    expect(idOf()).toMatch(/^[0-9a-f]{16}$/);
  });
});
