import { z } from 'zod';
import { clearingOf } from './accounts';
import {
  expectedJournals,
  type AuditedCancellation,
  type ExpectedJournal,
  type Line,
  type Purchase,
} from './expectedJournals';
import { amountSchema, bookedLineSchema, pageOf, PAGE, type AuditPass, type LedgerFault } from './pass';

const journalSchema = z.object({ key: z.string(), kind: z.string(), lines: z.array(bookedLineSchema) });
type BookedJournal = z.infer<typeof journalSchema>;

const cancellationSchema = z.object({
  id: z.string(),
  tickets: amountSchema,
  fee: amountSchema,
  bookingFeeRefund: amountSchema,
  points: amountSchema,
  card: amountSchema,
  refund: z.object({ amount: amountSchema, done: z.boolean() }).nullable(),
}) satisfies z.ZodType<AuditedCancellation>;

const purchaseShape = {
  id: z.string(),
  status: z.string(),
  user_id: z.string(),
  currency: z.string(),
  gateway: z.string(),
  journals: z.array(journalSchema),
};

const paymentSchema = z.object({
  ...purchaseShape,
  points: amountSchema,
  card: amountSchema,
  reservation_id: z.string(),
  tickets: amountSchema,
  booking_fee: amountSchema,
  cancellations: z.array(cancellationSchema),
});
type PaymentRow = z.infer<typeof paymentSchema>;

const topUpSchema = z.object({ ...purchaseShape, amount: amountSchema });
type TopUpRow = z.infer<typeof topUpSchema>;

/** The journals of a purchase, with their entries. */
const JOURNALS = `
  SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'kind', kind, 'lines', lines)), '[]') AS journals
  FROM journals
  CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object('account', account, 'amount', amount, 'currency', currency)), '[]')
      AS lines
    FROM entries WHERE journal_id = journals.id) AS booked
  WHERE payment_id = purchase.id`;

/** The cancellations of the reservation of a purchase, each with its refund to the card. */
const CANCELLATIONS = `
  SELECT coalesce(jsonb_agg(jsonb_build_object('id', given.id, 'tickets', given.tickets, 'fee', given.fee,
           'bookingFeeRefund', booking_fee_refund, 'points', given.points, 'card', given.card,
           'refund', CASE WHEN refunds.amount IS NOT NULL THEN
             jsonb_build_object('amount', refunds.amount, 'done', refunds.status = 'DONE') END)), '[]') AS cancellations
  FROM cancellations AS given
  LEFT JOIN refunds ON refunds.cancellation_id = given.id AND refunds.payment_id = purchase.id
  WHERE given.reservation_id = purchase.reservation_id`;

/** Checks that every payment has the journals that follow from its row and its reservation, and no others. */
export const paymentPass: AuditPass = {
  subject: 'payments',
  async readPage(snapshot, after) {
    const rows = await snapshot.read(
      `SELECT purchase.*, reservations.tickets, reservations.booking_fee, journals, cancellations
       FROM (SELECT id, status, user_id, currency, gateway, points, card, reservation_id FROM payments
             WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2) AS purchase
       JOIN reservations ON reservations.id = reservation_id
       CROSS JOIN LATERAL (${CANCELLATIONS}) AS cancelled
       CROSS JOIN LATERAL (${JOURNALS}) AS booked
       ORDER BY purchase.id`,
      paymentSchema,
      [after, PAGE],
    );
    return pageOf(
      rows,
      ({ id }) => id,
      (row) => [
        ...faultsOf(toPayment(row), row.journals),
        ...row.cancellations.flatMap((one) => faultsOfRefund(row, one)),
      ],
    );
  },
};

/** Checks that every top-up has the journals that follow from its row, and no others. */
export const topUpPass: AuditPass = {
  subject: 'top-ups',
  async readPage(snapshot, after) {
    const rows = await snapshot.read(
      `SELECT purchase.*, journals
       FROM (SELECT id, status, user_id, currency, gateway, amount FROM top_ups
             WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2) AS purchase
       CROSS JOIN LATERAL (${JOURNALS}) AS booked
       ORDER BY purchase.id`,
      topUpSchema,
      [after, PAGE],
    );
    return pageOf(
      rows,
      ({ id }) => id,
      (row) => faultsOf(toTopUp(row), row.journals),
    );
  },
};

function faultsOf(purchase: Purchase, booked: readonly BookedJournal[]): LedgerFault[] {
  const expected = new Map(expectedJournals(purchase).map((journal) => [journal.key, journal]));
  const keys = new Set(booked.map(({ key }) => key));
  const name = `${purchase.kind === 'PAYMENT' ? 'payment' : 'top-up'} ${purchase.id}, which is ${purchase.state}`;
  const missing = [...expected.values()].filter(({ key, optional }) => !optional && !keys.has(key));
  return [
    ...missing.map(({ key }) => ({ journal: key, what: `is missing for ${name}` })),
    ...booked.flatMap((journal) => {
      const what = faultOf(journal, expected.get(journal.key), purchase);
      return what === null ? [] : [{ journal: journal.key, what: `${what} for ${name}` }];
    }),
  ];
}

function faultOf(
  { kind, lines }: BookedJournal,
  expected: ExpectedJournal | undefined,
  { currency, gateway }: Purchase,
): string | null {
  if (!expected) return 'should not be there';
  if (kind !== expected.kind) return `is a ${kind} instead of a ${expected.kind}`;
  if (lines.some((line) => line.currency !== currency)) return `is not in ${currency}`;
  if (expected.lines === null) {
    const isOfGateway = lines.every(({ account }) => account === clearingOf(gateway));
    return isOfGateway ? null : `says ${inWords(lines)}`;
  }
  const [says, should] = [inWords(lines), inWords(expected.lines)];
  return says === should ? null : `says ${says} instead of ${should}`;
}

/** Sorted, so that two journals with the same entries give the same text. */
function inWords(lines: readonly Line[]): string {
  const entries = lines
    .filter(({ amount }) => amount !== 0)
    .map(({ account, amount }) => `${account} ${amount}`);
  return entries.length === 0 ? 'nothing' : entries.toSorted().join(', ');
}

/** The amount that a cancellation promises to the card must be due or refunded. */
function faultsOfRefund({ status }: PaymentRow, { id, card, refund }: AuditedCancellation): LedgerFault[] {
  const due = STATES[status] === 'PAID' ? card : 0;
  const given = refund?.amount ?? 0;
  if (due === given) return [];
  return [
    {
      journal: `cancellation:${id}`,
      what: `promises ${due} to the card; ${given} are due or refunded`,
    },
  ];
}

/** An unknown status is a fault of the audit, not of the ledger. */
const STATES: Readonly<Record<string, Purchase['state']>> = {
  PENDING: 'OPEN',
  SETTLING: 'OPEN',
  SUCCEEDED: 'PAID',
  REFUNDED: 'PAID',
  PARTIALLY_REFUNDED: 'PAID',
  FAILED: 'FAILED',
  // An attempt that has not begun has no journals, like one that failed at once.
  REQUESTED: 'FAILED',
  WITHDRAWN: 'FAILED',
};

function toPayment(row: PaymentRow): Purchase {
  const { id, gateway, points, card } = row;
  return {
    kind: 'PAYMENT',
    id,
    state: stateOf(row),
    userId: row.user_id,
    currency: row.currency,
    gateway,
    points,
    card,
    reservation: { id: row.reservation_id, tickets: row.tickets, bookingFee: row.booking_fee },
    cancellations: row.cancellations,
    pointsTaken: row.journals.some(({ key }) => key === `points-taken:${id}`),
  };
}

function toTopUp(row: TopUpRow): Purchase {
  const { id, user_id: userId, currency, gateway, amount } = row;
  return { kind: 'TOP_UP', id, state: stateOf(row), userId, currency, gateway, amount };
}

function stateOf({ id, status }: { id: string; status: string }): Purchase['state'] {
  const state = STATES[status];
  if (!state) throw new Error(`${id} has the status ${status}, which the audit does not know`);
  return state;
}
