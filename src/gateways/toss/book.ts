import { DateTime } from 'luxon';
import type { BookedCharge, BookPage } from '../../domain/payments/gateway';
import type { TossApi } from './api';
import type { Transaction } from './protocol';

/** An order id begins with the id of a reservation or of a payer. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
/** The most transactions that Toss lists at once. */
const PAGE = 5_000;
const KOREA = 'Asia/Seoul';

/**
 * The charges of a window, each with the sum of its refunds until now. A refund is a transaction of its own, made at
 * any later time. So the function reads everything from the window's start until now, and the book is one page.
 *
 * @throws if the transactions cannot be read
 */
export async function readBook(
  api: Pick<TossApi, 'transactions'>,
  { from, to }: { from: number; to: number },
): Promise<BookPage> {
  const approvals: Transaction[] = [];
  const refunded = new Map<string, number>();
  for await (const transaction of transactionsSince(api, from)) {
    const { paymentKey, status, amount } = transaction;
    if (status === 'DONE' && isWithin(transaction, from, to)) approvals.push(transaction);
    if (status === 'CANCELED' || status === 'PARTIAL_CANCELED') {
      refunded.set(paymentKey, (refunded.get(paymentKey) ?? 0) + Math.abs(amount));
    }
  }
  const items = approvals.map((approval) => asBooked(approval, refunded.get(approval.paymentKey) ?? 0));
  return { items, nextCursor: null };
}

async function* transactionsSince(
  api: Pick<TossApi, 'transactions'>,
  from: number,
): AsyncGenerator<Transaction> {
  // Toss counts whole seconds, and its clock may be ahead of our clock.
  const range = { startDate: inKorea(from), endDate: inKorea(Date.now() + 60_000), limit: PAGE };
  let page = await api.transactions(range);
  for (;;) {
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE || !last) return;
    page = await api.transactions({ ...range, startingAfter: last.transactionKey });
  }
}

/** Toss lists no idempotency keys. A line is identified by its payment key, which is its id. */
function asBooked(approval: Transaction, refunded: number): BookedCharge {
  const { paymentKey, orderId, currency, amount, transactionAt } = approval;
  return {
    gatewayPaymentId: paymentKey,
    idempotencyKey: null,
    orderId: UUID.exec(orderId)?.[0] ?? orderId,
    status: 'CAPTURED',
    amount,
    refunded,
    currency,
    bookedAt: new Date(transactionAt).toISOString(),
  };
}

function isWithin({ transactionAt }: Transaction, from: number, to: number): boolean {
  const at = Date.parse(transactionAt);
  return from <= at && at < to;
}

function inKorea(milliseconds: number): string {
  return DateTime.fromMillis(milliseconds, { zone: KOREA }).toFormat("yyyy-MM-dd'T'HH:mm:ss");
}
