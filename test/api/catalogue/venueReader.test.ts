import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readVenueBytes } from '../../../src/api/catalogue/venues/readVenueBytes';
import { createVenueReader } from '../../../src/api/catalogue/venues/venueReader';
import { scanJson } from '../../../src/api/catalogue/venues/scanJson';
import { Problem } from '../../../src/domain/problems';
import { editorPlan } from '../../domain/catalogue/seatingPlan/editorPlan';
import { stadium } from './stadium';

/** Each process needs a second, and several seconds on a busy machine. */
jest.setTimeout(120_000);

const bodyOf = (body: unknown): Buffer => Buffer.from(JSON.stringify(body));
const hall = (): Buffer => {
  const plan = readFileSync(path.resolve(__dirname, '../../../demo/plans/hall.json'), 'utf8');
  return Buffer.from(`{"name":"Hall","plan":${plan}}`);
};
/** A body that takes a while to read. */
const arena = (): Buffer => stadium(20_000, ' ');

function scanned(text: string): string {
  const scan = scanJson(Buffer.from(text));
  return 'fault' in scan ? scan.fault : Buffer.from(scan.text).toString();
}

function digestOf(text: string): string {
  const reading = readVenueBytes(Buffer.from(text));
  return reading.kind === 'venue' ? reading.digest : reading.kind;
}

describe('the scan before the bytes are parsed', () => {
  it('removes white space between values, and nothing else', () => {
    const value = { 'a  b': ['x\n y', '"', '\\', '\\"', ''], n: -1.5e3, t: true, nested: [{}, [], null] };
    for (const indent of [0, 1, '\t', 4]) {
      const text = scanned(JSON.stringify(value, null, indent));
      expect(text).toBe(JSON.stringify(value));
    }
  });

  it('keeps a faulty text faulty', () => {
    for (const text of ['[1 2]', '{"a": tr ue}', '["a" "b"]', '[1\n\n2]', '- 1']) {
      expect(() => void JSON.parse(scanned(text))).toThrow(SyntaxError);
    }
  });

  it('limits the depth and the number of values', () => {
    expect(scanned('['.repeat(65))).toBe('Nested more than 64 deep');
    expect(scanned(`[${'1,'.repeat(1_600_000)}1]`)).toBe('More than 1600000 values');
    expect(scanned(`[${'{"a":1},'.repeat(800_000)}1]`)).toBe('More than 1600000 values');
    // Characters within texts do not count.
    expect(scanned(`"${'[,'.repeat(900_000)}"`)).toHaveLength(1_800_002);
  });
});

describe('the bytes of a venue', () => {
  it('have a digest that depends on the body but not on its white space', () => {
    const body = { name: 'Room', plan: editorPlan() };
    const digest = digestOf(JSON.stringify(body));
    expect(digestOf(JSON.stringify(body, null, 2))).toBe(digest);
    expect(digestOf(JSON.stringify({ ...body, name: 'Hall' }))).not.toBe(digest);
  });

  it.each(['', '{', '"text"', '7', 'null', '{"a": "\u0080"}x'])('are malformed: %j', (text) => {
    expect(readVenueBytes(Buffer.from(text))).toEqual({ kind: 'malformed' });
  });

  it('are malformed if they are not UTF-8', () => {
    expect(readVenueBytes(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ kind: 'malformed' });
  });

  it('may contain no text that Postgres cannot store, also in unknown members', () => {
    const plan = { ...editorPlan(), name: 'A\0B', notes: [{ text: '\ud83c' }], 'n\0': 1 };
    expect(readVenueBytes(bodyOf({ name: 'Room', plan }))).toMatchObject({
      kind: 'faulty',
      errors: [{ path: 'plan.name' }, { path: 'plan.notes.0.text' }, { path: 'plan.n\u{FFFD}' }],
    });
  });
});

describe('the reader of venues', () => {
  it('leaves the event loop free while it reads', async () => {
    let [turns, reading] = [0, true];
    const turn = (): void => {
      turns += 1;
      if (reading) setImmediate(turn);
    };
    setImmediate(turn);
    const { kind } = await createVenueReader().read(arena());
    reading = false;
    expect(kind).toBe('venue');
    // A reading on the event loop would allow one turn.
    expect(turns).toBeGreaterThan(50);
  });

  it('gives the same result in another process as in its own', async () => {
    const reader = createVenueReader();
    const bodies = [hall, () => Buffer.alloc(70_000, '['), () => bodyOf({ name: 'x'.repeat(70_000) })];
    for (const body of bodies) {
      expect(body().length).toBeGreaterThan(65_536);
      expect(await reader.read(body())).toEqual(readVenueBytes(body()));
    }
  });

  it('reads a small body at once', async () => {
    const kinds = [];
    for (const body of [
      bodyOf({}),
      bodyOf(7),
      Buffer.alloc(0),
      bodyOf({ name: 'Room', plan: editorPlan() }),
    ]) {
      kinds.push((await createVenueReader().read(body)).kind);
    }
    expect(kinds).toEqual(['faulty', 'malformed', 'malformed', 'venue']);
  });

  it('rejects a plan if two others already wait', async () => {
    const reader = createVenueReader();
    const slugs = await Promise.all(
      [1, 2, 3, 4, 5].map(async () => reader.read(hall()).then(({ kind }) => kind, slugOf)),
    );
    expect(slugs).toEqual(['venue', 'venue', 'venue', 'temporarily-unavailable', 'temporarily-unavailable']);
  });

  it('gives up on a plan that takes too long', async () => {
    const read = createVenueReader({ timeoutMs: 1 }).read(arena());
    expect(await read.catch(slugOf)).toBe('temporarily-unavailable');
  });

  it('survives a plan that does not fit into the memory of its process', async () => {
    const reader = createVenueReader({ heapMb: 24 });
    expect(await reader.read(stadium(60_000, '')).catch(slugOf)).toBe('body-too-large');
  });
});

const slugOf = (error: unknown): unknown => (error instanceof Problem ? error.slug : error);

describe('an API that cannot start a process', () => {
  it('reports that it cannot read the plan right now', async () => {
    const node = jest.replaceProperty(process, 'execPath', '/no/such/node');
    const reading = createVenueReader().read(Buffer.alloc(100_000, ' '));
    await expect(reading).rejects.toMatchObject({ slug: 'temporarily-unavailable' });
    node.restore();
  });

  it('keeps running if it has no free file descriptor', () => {
    const reader = path.resolve(__dirname, '../../../dist/src/api/catalogue/venues/venueReader.js');
    const script = `
      const { openSync } = require('node:fs');
      const { createVenueReader } = require(${JSON.stringify(reader)});
      const { read } = createVenueReader();
      try { for (;;) openSync('/dev/null'); } catch {}
      read(Buffer.alloc(100_000, ' ')).catch(({ slug }) => setTimeout(() => process.stdout.write(slug), 100));`;
    const shell = 'ulimit -n 64 && exec "$0" -e "$1"';
    const { stdout } = spawnSync('sh', ['-c', shell, process.execPath, script], { encoding: 'utf8' });
    expect(stdout).toBe('temporarily-unavailable');
  });
});
