import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { install } from '../../src/launcher/binaries/cache';

const report = (): void => undefined;
const before = process.env['HOLDFAST_CACHE_DIR'];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-cache-'));
  process.env['HOLDFAST_CACHE_DIR'] = folder;
});

afterEach(async () => {
  if (before === undefined) delete process.env['HOLDFAST_CACHE_DIR'];
  else process.env['HOLDFAST_CACHE_DIR'] = before;
  await rm(folder, { recursive: true, force: true });
});

/** Each caller waits until `count` callers have begun, as Redis and Temporal do at a first start. */
function meeting(count: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === count) for (const go of waiting) go();
    });
}

describe('the cache of components', () => {
  it('gets several components in parallel, each under its own lock', async () => {
    const meet = meeting(2);
    const get = async (name: string) =>
      install(name, report, async (target) => {
        await meet();
        await writeFile(path.join(target, 'file'), name);
      });

    const [redis, temporal] = await Promise.all([get('redis'), get('temporal')]);

    expect(await readFile(path.join(redis, 'file'), 'utf8')).toBe('redis');
    expect(await readFile(path.join(temporal, 'file'), 'utf8')).toBe('temporal');
    expect((await readdir(folder)).toSorted()).toEqual(['redis', 'temporal']);
  });

  it('gets one component once, even if many callers want it', async () => {
    let filled = 0;
    const get = async () =>
      install('temporal', report, async (target) => {
        filled += 1;
        await writeFile(path.join(target, 'file'), 'whole');
      });

    await Promise.all([get(), get(), get()]);

    expect(filled).toBe(1);
  });

  it('names the setting that helps if it cannot make a folder', async () => {
    process.env['HOLDFAST_CACHE_DIR'] = '/proc/x';

    await expect(install('temporal', report, async () => undefined)).rejects.toThrow(
      /^the cache \/proc\/x cannot be written \(.+\); set HOLDFAST_CACHE_DIR to another folder$/,
    );
  });

  it('keeps nothing of a failed download', async () => {
    const failed = install('temporal', report, async (target) => {
      await writeFile(path.join(target, 'half'), '');
      throw new Error('refused');
    });

    await expect(failed).rejects.toThrow('refused');
    expect(await readdir(folder)).toEqual([]);
  });
});
