import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { orderOf, sha256 } from '../support/opening';

const SCRIPT = path.resolve(__dirname, '../../scripts/verify-draw.mjs');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-draw-'));
});
afterAll(async () => rm(folder, { recursive: true }));

/** A draw as the service publishes it. */
function aDraw(count = 50) {
  const seed = sha256(randomUUID());
  const entries = orderOf(
    seed,
    Array.from({ length: count }, () => randomUUID()),
  );
  return { status: 'DRAWN', seedHash: sha256(seed), seed, entries };
}

async function run(...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr });
    });
  });
}

async function verify(draw: unknown, ...args: string[]) {
  const file = path.join(folder, `${randomUUID()}.json`);
  await writeFile(file, JSON.stringify(draw));
  return run(file, ...args);
}

describe('npm run verify-draw', () => {
  it('reports that a correct draw is correct, and the position of an entry', async () => {
    const draw = aDraw();
    const { code, text } = await verify(draw, draw.entries[6] ?? '', '--hash', draw.seedHash);
    expect(text).toMatch(
      /^The draw is correct: .* all 50 entries .*\.\nThe entry \S+ has position 7 of 50\.\n$/,
    );
    expect(code).toBe(0);
  });

  it('asks to compare the hash if none was given', async () => {
    const draw = aDraw();
    expect((await verify(draw)).text).toContain(
      `Compare the hash with the one that you noted before the opening: ${draw.seedHash}`,
    );
  });

  it('also reads the draw from a URL', async () => {
    const body = JSON.stringify(aDraw());
    const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { code } = await run(`http://127.0.0.1:${port}/`);
    server.close();
    expect(code).toBe(0);
  });

  const draw = aDraw();
  const [first = '', second = '', ...rest] = draw.entries;
  const other = sha256('other');
  const stranger = randomUUID();
  it.each([
    ['another seed', { ...draw, seed: other }, [], /seed does not have the published hash/],
    [
      'another seed with its own hash, and the order that follows from it',
      { ...draw, seed: other, seedHash: sha256(other), entries: orderOf(other, draw.entries) },
      ['--hash', draw.seedHash],
      /not the one that you noted/,
    ],
    [
      'two entries changed places',
      { ...draw, entries: [second, first, ...rest] },
      [],
      /entry 2 is too far back/,
    ],
    ['an entry was put at the front', { ...draw, entries: [...rest.slice(-1), first, second] }, [], /order/],
    ['an entry is listed twice', { ...draw, entries: [first, first, second, ...rest] }, [], /twice/],
    ['an entry was left out', { ...draw, entries: rest }, [first], /left out/],
    ['an entry came later', draw, [stranger], /made after the opening/],
    ['it has not been held', { status: 'COMMITTED', seedHash: draw.seedHash }, [], /has not been held/],
    ['it is not a draw', { hello: 'world' }, [], /is not a draw/],
  ])('ends with 1 if %s', async (_name, published, args, words) => {
    const { code, text } = await verify(published, ...args);
    expect(text).toMatch(words);
    expect(code).toBe(1);
  });
});
