import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { open } from 'lmdb';
import { openBook, type Book } from '../../sandbox/book';
import type { Charge } from '../../src/gateways/sandbox/protocol';

let directory: string;
let book: Book;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'holdfast-sandbox-'));
});
afterEach(async () => {
  await book.close();
  await rm(directory, { recursive: true });
});

const aLine = (idempotencyKey: string, approvedAt: string): Charge => ({
  status: 'CAPTURED',
  idempotencyKey,
  amount: 1,
  currency: 'KRW',
  orderId: 'order',
  description: '',
  gatewayPaymentId: `id of ${idempotencyKey}`,
  approvedAt,
  refunds: [],
});

describe('a book', () => {
  it('is readable only by its user, even if others could read it before', async () => {
    await chmod(directory, 0o755);
    await openBook(directory, { sendsWebhooks: false }).close();
    for (const file of await readdir(directory)) await chmod(path.join(directory, file), 0o644);

    book = openBook(directory, { sendsWebhooks: false });

    const files = await readdir(directory);
    expect(files.length).toBeGreaterThan(0);
    for (const file of ['', ...files]) {
      const { mode } = await stat(path.join(directory, file));
      expect([file, mode & 0o077]).toEqual([file, 0]);
    }
  });

  it('that is older than time windows has its lines in the windows', async () => {
    const lines = [aLine('a', '2030-01-02T00:00:00.000Z'), aLine('b', '2030-01-01T00:00:00.000Z')];
    const before = open({ path: directory });
    const charges = before.openDB<Charge, string>('charges', { encoding: 'json' });
    await Promise.all(lines.map(async (line) => charges.put(line.idempotencyKey, line)));
    await before.close();

    book = openBook(directory, { sendsWebhooks: false });

    const keysOf = (from: string, to: string): string[] =>
      book
        .page({ from: Date.parse(from), to: Date.parse(to), limit: 10 })
        .items.map(({ idempotencyKey }) => idempotencyKey);
    expect(keysOf('2030-01-01', '2030-01-03')).toEqual(['b', 'a']);
    expect(keysOf('2030-01-02', '2030-01-03')).toEqual(['a']);
  });
});
