import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../src/launcher/ports';
import { startRedis, type RedisOptions } from '../../src/launcher/servers/redis';
import { createStackFolder } from '../support/stack';

let home: Awaited<ReturnType<typeof createStackFolder>>;
let options: RedisOptions;
let lines: string[];

beforeEach(async () => {
  home = await createStackFolder();
  lines = [];
  options = {
    folder: path.join(home.folder, 'redis'),
    port: await freePort(),
    password: randomUUID(),
    logFile: path.join(home.folder, 'redis.log'),
    databases: 1,
    spawn: home.spawn,
    report: (line) => lines.push(line),
  };
  const { url, process } = await startRedis(options);
  const redis = new Redis(url);
  await redis.set('key', 'value');
  redis.disconnect();
  await process.stop();
});
afterEach(async () => home.remove());

/** Damages the append-only file of Redis 6, or the last one of later versions, which have a folder of them. */
async function damage(): Promise<void> {
  const names = await readdir(options.folder, { recursive: true });
  const file = names.findLast((name) => name.endsWith('.aof')) ?? 'appendonly.aof';
  await appendFile(path.join(options.folder, file), 'nothing that Redis has written\r\n');
}

async function asides(): Promise<string[]> {
  return (await readdir(home.folder)).filter((name) => name.startsWith('redis.unreadable-'));
}

async function keyAfterStart(): Promise<string | null> {
  const { url, process } = await startRedis(options);
  const redis = new Redis(url);
  const value = await redis.get('key');
  redis.disconnect();
  await process.stop();
  return value;
}

describe('the data of Redis', () => {
  it('is set aside if Redis cannot read it, and Redis starts without it', async () => {
    await damage();

    expect(await keyAfterStart()).toBeNull();

    expect(await asides()).toHaveLength(1);
    expect(lines).toEqual([expect.stringMatching(/^Redis: cannot read its data .+; moved this data to /)]);
  });

  it('stays in its place if Redis cannot start for another reason', async () => {
    const other = createServer();
    await once(other.listen(options.port, '127.0.0.1'), 'listening');

    await expect(startRedis(options)).rejects.toThrow(/in use/);

    other.close();
    expect(await asides()).toEqual([]);
    expect(lines).toEqual([]);
    expect(await keyAfterStart()).toBe('value');
  });

  it('stays in its place if Redis gets a stop signal while it reads the data', async () => {
    const names = await readdir(options.folder, { recursive: true });
    const file = names.findLast((name) => name.endsWith('.aof')) ?? 'appendonly.aof';
    const command = '*3\r\n$3\r\nSET\r\n$5\r\nother\r\n$5\r\nvalue\r\n';
    await appendFile(path.join(options.folder, file), command.repeat(20_000));
    const slowly: RedisOptions = {
      ...options,
      spawn(spec) {
        // In microseconds for each key.
        const managed = home.spawn({ ...spec, args: [...spec.args, '--key-load-delay', '1000'] });
        setTimeout(() => managed.signal('SIGTERM'), 1_500);
        return managed;
      },
    };

    await expect(startRedis(slowly)).rejects.toThrow(/exit code 0/);

    expect(await asides()).toEqual([]);
    expect(await keyAfterStart()).toBe('value');
  });
});
