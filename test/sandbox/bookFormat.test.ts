import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { open } from 'lmdb';
import { openBook } from '../../sandbox/book';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'holdfast-old-book-'));
});
afterEach(async () => rm(directory, { recursive: true }));

const capture = () => ({
  idempotencyKey: randomUUID(),
  amount: 2_000,
  currency: 'KRW',
  orderId: randomUUID(),
  description: 'two seats',
  gatewayPaymentId: `sandbox-${randomUUID()}`,
  approvedAt: '2026-01-01T00:00:00.000Z',
});

/** A book in the format of the first version. */
async function writeOldBook(
  ...lines: readonly (ReturnType<typeof capture> & { status: string })[]
): Promise<void> {
  const environment = open({ path: directory });
  const charges = environment.openDB<unknown, string>('charges', { encoding: 'json' });
  for (const line of lines) await charges.put(line.idempotencyKey, line);
  await environment.close();
}

describe('a book in the format of the first version', () => {
  it('is read, listed and refunded like a new one', async () => {
    const [taken, voided] = [capture(), capture()];
    const refund = { refundedAt: '2026-01-02T00:00:00.000Z', refundReason: 'the hold ended' };
    await writeOldBook({ ...taken, status: 'CAPTURED' }, { ...voided, status: 'REFUNDED', ...refund });

    const book = openBook(directory, { sendsWebhooks: false });
    expect(book.find(taken.idempotencyKey)).toEqual({ ...taken, status: 'CAPTURED', refunds: [] });
    expect(book.find(voided.idempotencyKey)).toMatchObject({
      status: 'REFUNDED',
      refunds: [{ amount: 2_000, reason: 'the hold ended', refundedAt: refund.refundedAt }],
    });
    expect(book.page({ limit: 10 }).items).toHaveLength(2);
    await book.refund(taken.idempotencyKey, { refundKey: 'a-refund', amount: 500, reason: 'test' });
    await book.close();

    const again = openBook(directory, { sendsWebhooks: false });
    expect(again.find(taken.idempotencyKey)).toMatchObject({
      refunds: [{ refundKey: 'a-refund', amount: 500 }],
    });
    await again.close();
  });
});
