import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { isRunning, type ProcessIdentity } from '../../src/launcher/processes/processIdentity';
import { repositoryRoot } from '../../src/config/repository';
import { createTestDatabase } from '../support/database';
import { testEnvironment } from '../support/environment';
import { eventually } from '../support/eventually';
import { createTestRedis } from '../support/redis';
import { createDataFolder, startLauncher, type DataFolder, type LauncherProcess } from './launcherProcess';

const READY = 'Holdfast is ready';

jest.setTimeout(60_000);

describe('A running Holdfast', () => {
  let data: DataFolder;
  let launcher: LauncherProcess;

  beforeAll(async () => {
    data = await createDataFolder();
    launcher = startLauncher({ ...data.env, HOLD_SECOND: '600' });
    await launcher.says(READY);
  });

  afterAll(async () => {
    launcher.signal('SIGTERM');
    await launcher.ended;
    data.remove();
  });

  it('has all six parts, and each is ready', async () => {
    expect(
      data
        .parts()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['API', 'Postgres', 'Redis', 'Temporal', 'gateway', 'worker']);
    expect((await fetch(`${data.apiUrl}/readyz`)).status).toBe(200);
  });

  it('lets no second start use its data folder', async () => {
    const second = startLauncher(data.env);
    expect(await second.ended).toBe(1);
    expect(second.output()).toBe(
      `Holdfast cannot start: the data folder ${data.env.DATA_DIR} is in use by another start ` +
        `(pid ${launcher.pid}): stop it, or set DATA_DIR\n`,
    );
    expect((await fetch(`${data.apiUrl}/readyz`)).status).toBe(200);
  });

  it('reports a misspelt setting once, with the nearest name', () => {
    expect(launcher.output().match(/HOLD_SECOND\b.*/g)).toEqual([
      'HOLD_SECOND is no setting of Holdfast and has no effect; the nearest name is HOLD_SECONDS',
    ]);
  });

  it('keeps a flooded log from filling the disk', async () => {
    const log = path.join(data.env.DATA_DIR, 'logs', 'api.log');
    await appendFile(log, `{"level":30,"msg":"${'x'.repeat(1_000)}"}\n`.repeat(20_000));
    await eventually(async () => {
      if ((await stat(log)).size > 1024 * 1024) throw new Error('the log is as large as it was');
    });
    expect((await stat(log.replace('.log', '.1.log'))).size).toBeGreaterThan(20_000_000);
    await fetch(`${data.apiUrl}/v1/concerts`);
    await eventually(async () => {
      expect(await readFile(log, 'utf8')).toContain('/v1/concerts');
    });
  });

  it.each(['API', 'worker', 'gateway', 'Postgres', 'Redis', 'Temporal'])(
    'starts the %s again when it dies, and reports that once',
    async (part) => {
      kill(data.parts().filter(({ name }) => name === part));
      await launcher.says(`${part} is back`);

      await eventually(async () => expect((await fetch(`${data.apiUrl}/readyz`)).status).toBe(200));
      expect(await signUp(data, `after-the-${part.toLowerCase()}`)).toBe(201);
      expect(linesAbout(launcher, part)).toEqual([
        `${part} stopped (ended by SIGKILL); starting it again ...`,
        expect.stringMatching(/ is back after [\d.]+ s$/),
      ]);
    },
  );
});

/** The lines of the launcher itself that begin with the name of the part. */
function linesAbout(launcher: LauncherProcess, part: string): string[] {
  return launcher
    .output()
    .split('\n')
    .filter((line) => line.startsWith(`${part} `));
}

const TOSS = {
  PAYMENT_GATEWAY: 'toss',
  TOSS_SECRET_KEY: 'test_gsk_0123456789',
  TOSS_WEBHOOK_SECRET: 'x'.repeat(32),
};

describe('With servers of the operator', () => {
  it.each([
    ['sandbox', {}, ['API', 'gateway', 'worker']],
    ['toss', TOSS, ['API', 'worker']],
  ])(
    'uses them, starts no others, and loads no demo data into their database: %s',
    async (_gateway, env, parts) => {
      const [data, database, redis] = await Promise.all([
        createDataFolder(),
        createTestDatabase(),
        createTestRedis(),
      ]);
      const launcher = startLauncher({
        ...data.env,
        DEMO_DATA: '',
        DATABASE_URL: database.ownerUrl,
        REDIS_URL: redis.url,
        TEMPORAL_ADDRESS: testEnvironment('TEST_TEMPORAL_ADDRESS'),
        TEMPORAL_TASK_QUEUE: 'launcher with existing servers',
        ...env,
      });
      await launcher.says(READY);
      const names = data.parts().map(({ name }) => name);
      expect(names.toSorted()).toEqual(parts);
      expect((await fetch(`${data.apiUrl}/readyz`)).status).toBe(200);
      expect(await database.owner('users').pluck('login')).toEqual(['operator']);
      launcher.signal('SIGTERM');
      expect(await launcher.ended).toBe(0);
      data.remove();
      await Promise.all([database.drop(), redis.drop()]);
    },
  );
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);
/** On a machine without IPv6, this tests less. */
const IPV6 = hasIpv6 ? { host: '::1', url: 'http://[::1]' } : { host: '0.0.0.0', url: 'http://127.0.0.1' };

describe('On an IPv6 address', () => {
  it('gets ready and responds there', async () => {
    const [data, database, redis] = await Promise.all([
      createDataFolder(),
      createTestDatabase(),
      createTestRedis(),
    ]);
    const launcher = startLauncher({
      ...data.env,
      HOST: IPV6.host,
      DATABASE_URL: database.ownerUrl,
      REDIS_URL: redis.url,
      TEMPORAL_ADDRESS: testEnvironment('TEST_TEMPORAL_ADDRESS'),
      TEMPORAL_TASK_QUEUE: 'launcher on an IPv6 address',
    });
    await launcher.says(READY);
    expect(launcher.output()).toContain(`${IPV6.url}:${data.env.PORT}/docs`);
    expect((await fetch(`${IPV6.url}:${data.env.PORT}/readyz`)).status).toBe(200);
    launcher.signal('SIGTERM');
    expect(await launcher.ended).toBe(0);
    data.remove();
    await Promise.all([database.drop(), redis.drop()]);
  });
});

describe('A start after a crash', () => {
  let data: DataFolder;

  beforeEach(async () => {
    data = await createDataFolder();
  });

  afterEach(() => data.remove());

  it('ends the parts of a killed launcher, and keeps all data', async () => {
    const first = startLauncher(data.env);
    await first.says(READY);
    expect(await signUp(data, 'ann')).toBe(201);
    const orphans = data.parts();
    first.signal('SIGKILL');
    await first.ended;
    expect(orphans.filter(isRunning)).toHaveLength(6);

    const second = startLauncher(data.env);
    await second.says(READY);
    expect(orphans.filter(isRunning)).toEqual([]);
    expect(await signUp(data, 'ann')).toBe(409);

    // And after Ctrl-C no part is left.
    const parts = data.parts();
    second.signal('SIGINT');
    expect(await second.ended).toBe(0);
    expect(parts.filter(isRunning)).toEqual([]);
  });

  it('recovers if every part was killed as well', async () => {
    const first = startLauncher(data.env);
    await first.says(READY);
    expect(await signUp(data, 'ann')).toBe(201);
    first.signal('SIGKILL');
    await first.ended;
    kill(data.parts());

    const second = startLauncher(data.env);
    await second.says(READY);
    expect(await signUp(data, 'ann')).toBe(409);
    second.signal('SIGTERM');
    expect(await second.ended).toBe(0);
  });
});

describe('A start that cannot go on', () => {
  let data: DataFolder;

  beforeEach(async () => {
    data = await createDataFolder();
  });

  afterEach(() => data.remove());

  it.each(['PORT', 'TEMPORAL_UI_PORT'] as const)(
    'names the setting that helps if %s is busy',
    async (name) => {
      const other = createServer().listen(Number(data.env[name]), '127.0.0.1');
      await once(other, 'listening');
      const launcher = startLauncher(data.env);
      expect(await launcher.ended).toBe(1);
      expect(launcher.output()).toBe(
        `Holdfast cannot start: port ${data.env[name]} of 127.0.0.1 is in use: stop the program that uses it, or set ${name} to another port\n`,
      );
      expect(data.parts()).toEqual([]);
      other.close();
    },
  );

  it.each([
    ['PORT', 'TEMPORAL_UI_PORT'],
    ['PORT', 'METRICS_PORT'],
    ['METRICS_PORT', 'WORKER_METRICS_PORT'],
  ] as const)('ends if %s and %s are the same', async (one, other) => {
    const launcher = startLauncher({ ...data.env, [one]: '3456', [other]: '3456' });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output()).toBe(
      `Holdfast cannot start: ${one} and ${other} are both 3456; allowed: a port for each\n`,
    );
  });

  it('says that HOST is not an address of this machine', async () => {
    const launcher = startLauncher({ ...data.env, HOST: '192.0.2.1' });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output()).toBe(
      `Holdfast cannot start: port ${data.env.PORT} of 192.0.2.1 is not on this machine: set HOST to an address of this machine\n`,
    );
  });

  it.each(['/proc/x', '/dev/null/x', '/proc/self/x/y'])(
    'ends with one line if it cannot make folders: DATA_DIR=%s',
    async (folder) => {
      const launcher = startLauncher({ ...data.env, DATA_DIR: folder });
      expect(await launcher.ended).toBe(1);
      expect(launcher.output()).toMatch(
        /^Holdfast cannot start: the data folder .+ cannot be written \(.+\): set DATA_DIR to another one\n$/,
      );
    },
  );

  it('continues if it cannot write its reports', () => {
    const main = path.join(repositoryRoot(), 'dist/src/launcher/main.js');
    const { stderr } = spawnSync('sh', ['-c', '"$0" "$1" > /dev/full', process.execPath, main], {
      // The first setting is reported; the second ends the start.
      env: { ...data.env, HOLD_SECOND: '1', DATA_DIR: '/proc/holdfast' },
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^Holdfast cannot start: the data folder .+\n$/);
  });

  it('names a bad setting, its value and the allowed values', async () => {
    const launcher = startLauncher({ ...data.env, HOLD_SECONDS: 'soon' });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output()).toMatch(/^Holdfast cannot start: HOLD_SECONDS is "soon"; allowed: .+\n$/);
  });

  it('names the missing key of the chosen gateway', async () => {
    const launcher = startLauncher({ ...data.env, ...TOSS, TOSS_SECRET_KEY: '' });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output()).toMatch(/^Holdfast cannot start: TOSS_SECRET_KEY is not set; allowed: .+\n$/);
  });

  it('ends with one line on the data of a later release, and changes nothing', async () => {
    const file = path.join(data.env.DATA_DIR, 'state.json');
    const later = '{"migration": "999_of_a_later_release", "secrets": "in another form"}';
    writeFileSync(file, later);
    const launcher = startLauncher(data.env);
    expect(await launcher.ended).toBe(1);
    expect(launcher.output()).toMatch(
      /^Holdfast cannot start: the data folder .+ was used by a later release, whose migration 999_of_a_later_release this one does not know: .+\n$/,
    );
    expect(readFileSync(file, 'utf8')).toBe(later);
    expect(data.parts()).toEqual([]);
  });

  it('ends with one line on the database of a later release', async () => {
    const database = await createTestDatabase();
    await database.owner('knex_migrations').insert({ name: '999_of_a_later_release', batch: 2 });
    const launcher = startLauncher({ ...data.env, DATABASE_URL: database.ownerUrl });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output()).toMatch(
      /^Holdfast cannot start: the database was used by a later release, .+$/m,
    );
    expect(await database.owner('users')).toEqual([]);
    expect(data.parts()).toEqual([]);
    await database.drop();
  });

  it('leaves no part running if one of them cannot start', async () => {
    const launcher = startLauncher({ ...data.env, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(await launcher.ended).toBe(1);
    expect(launcher.output()).toContain('the server that REDIS_URL names does not respond');
    expect(data.parts()).toEqual([]);
  });
});

function kill(parts: ProcessIdentity[]): void {
  for (const { pid } of parts) process.kill(pid, 'SIGKILL');
}

async function signUp(data: DataFolder, id: string): Promise<number> {
  const { status } = await fetch(`${data.apiUrl}/v1/users`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id, password: 'a seat in the front' }),
  });
  return status;
}
