import { readFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { auditLedger } from '../../src/ledger/audit';
import { RESERVATION_WORKFLOW, reservationWorkflowId } from '../../src/contract/reservations';
import { RESERVATION_STATUS } from '../../src/contract/searchAttributes';
import { openBooks } from './books';
import { eventually } from './eventually';
import { readGatewayBook, type Charge } from './gatewayBook';
import type { Stack } from './stack';

/** What just ended may still be on its way into the books. */
const QUIET_WITHIN_MS = 15_000;

/**
 * Looks for what Postgres, the gateway's book, Temporal and the logs of a stack hold against the design's
 * invariants (design, Invariants: 1, 3, 4, 5, 6, 8, 10, 12 and 13). For when the clients are done.
 *
 * @param secrets what was sent and received in confidence
 * @throws with every fault found
 */
export async function audit(stack: Stack, temporal: Client, secrets: Iterable<string>): Promise<void> {
  await eventually(async () => {
    const found = await Promise.all([
      openBooks(stack.ownerDb).faults(),
      faultsOfLedger(stack),
      faultsOfRecords(stack.ownerDb),
      faultsOfMoney(stack),
      faultsOfWorkflows(stack, temporal),
    ]);
    raise(found.flat());
  }, QUIET_WITHIN_MS);
  raise(await faultsOfLogs(stack, [...secrets]));
}

function raise(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(`The audit found:\n${faults.join('\n')}`);
}

async function faultsOfRecords(owner: Knex): Promise<string[]> {
  const { rows } = await owner.raw<{ rows: { fault: string }[] }>(RECORDS);
  return rows.map((row) => row.fault);
}

/** Invariants 1, 6, 8 and 10, each as a query for what breaks it. */
const RECORDS = `
  SELECT 'user ' || user_id || ' has ' || count(*) || ' seats of schedule ' || schedule_id AS fault
  FROM allocations JOIN schedules ON schedules.id = schedule_id
  WHERE released_at IS NULL GROUP BY user_id, schedule_id, max_seats_per_user
  HAVING count(*) > max_seats_per_user
  UNION ALL
  SELECT 'schedule ' || schedules.id || ' has ' || count(seats.id) || ' seats of ' || seats_total
  FROM schedules LEFT JOIN seats ON seats.schedule_id = schedules.id
  GROUP BY schedules.id HAVING count(seats.id) <> seats_total
  UNION ALL
  SELECT 'seat ' || seats.id || ' is blocked and taken'
  FROM seats JOIN allocations ON seat_id = seats.id AND released_at IS NULL WHERE blocked
  UNION ALL
  SELECT 'seat ' || coalesce(tickets.seat_id, sold.seat_id) || ' has a ticket without a sale, or a sale without'
  FROM (SELECT * FROM tickets WHERE status <> 'VOID') AS tickets
  FULL JOIN (SELECT * FROM allocations WHERE sold_at IS NOT NULL AND released_at IS NULL) AS sold
    USING (reservation_id, seat_id)
  WHERE tickets.id IS NULL OR sold.reservation_id IS NULL
  UNION ALL
  SELECT 'reservation ' || reservations.id || ' is ' || reservations.status || ' with a payment ' || payments.status
  FROM reservations JOIN payments ON payments.reservation_id = reservations.id
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(points + card), 0) AS amount, count(*) AS times FROM cancellations
    WHERE reservation_id = reservations.id) AS given
  CROSS JOIN LATERAL (
    SELECT count(*) AS pending FROM refunds
    WHERE reservation_id = reservations.id AND refunds.status = 'PENDING') AS due
  WHERE (payments.status = 'SUCCEEDED' AND reservations.status <> 'CONFIRMED' AND due.pending = 0 AND given.amount > 0)
     OR (payments.status IN ('REFUNDED', 'PARTIALLY_REFUNDED') AND given.times = 0)
     OR (payments.status = 'REFUNDED' AND reservations.status <> 'CANCELLED')
     OR (payments.status IN ('PENDING', 'SETTLING') AND reservations.status NOT IN ('PAYING', 'SETTLING'))
  UNION ALL
  SELECT 'reservation ' || id || ' is CONFIRMED with ' || count(payment_id) || ' successful payments'
  FROM (SELECT reservations.id, payments.id AS payment_id FROM reservations
        LEFT JOIN payments
          ON payments.reservation_id = reservations.id AND payments.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')
        WHERE reservations.status = 'CONFIRMED') AS confirmed
  GROUP BY id HAVING count(payment_id) <> 1
  UNION ALL
  SELECT 'reservation ' || id || ' is ' || status || ' and ended at ' || coalesce(ended_at::text, 'no time')
  FROM reservations
  WHERE (ended_at IS NULL) <> (status IN ('HELD', 'PAYING', 'SETTLING'))
     OR (status = 'EXPIRED' AND ended_at < expires_at)
     OR (status <> 'RELEASED' AND expires_at <= held_at)`;

/** Invariants 4 and 5: what the sandbox has kept is what the records say that it was to keep, both ways. */
async function faultsOfMoney(stack: Stack): Promise<string[]> {
  const { rows: expected } = await stack.ownerDb.raw<{ rows: { order_id: string; amount: number }[] }>(
    `SELECT payments.reservation_id AS order_id, card - given.amount AS amount
     FROM payments CROSS JOIN LATERAL (
       SELECT coalesce(sum(amount), 0)::bigint AS amount FROM refunds
       WHERE payment_id = payments.id AND status = 'DONE') AS given
     WHERE gateway = 'sandbox' AND payments.status IN ('SUCCEEDED', 'REFUNDED', 'PARTIALLY_REFUNDED')
       AND card > given.amount
     UNION ALL SELECT id, amount FROM top_ups WHERE gateway = 'sandbox' AND status = 'SUCCEEDED'`,
  );
  const owed = await openBooks(stack.ownerDb).owedByGateway();
  const captured = (await readGatewayBook(stack)).flatMap((line) =>
    line.status === 'CAPTURED' ? [{ orderId: line.orderId, amount: keptOf(line) }] : [],
  );
  const faults: string[] = [];
  const total = captured.reduce((sum, line) => sum + line.amount, 0);
  if (total !== owed) faults.push(`the gateway has kept ${total}, the ledger says ${owed}`);

  const due = new Map(expected.map((row) => [row.order_id, row.amount]));
  const seen = new Set<string>();
  for (const { orderId, amount } of captured) {
    if (seen.has(orderId)) faults.push(`order ${orderId} was charged twice`);
    if (due.get(orderId) !== amount)
      faults.push(`order ${orderId} was charged ${amount} for ${due.get(orderId) ?? 'nothing'}`);
    seen.add(orderId);
  }
  for (const [orderId, amount] of due) {
    if (!seen.has(orderId)) faults.push(`order ${orderId} has never been charged its ${amount}`);
  }
  return faults;
}

/** What was captured and not given back. */
function keptOf({ amount, refunds }: Extract<Charge, { status: 'CAPTURED' }>): number {
  return refunds.reduce((kept, refund) => kept - refund.amount, amount);
}

/** Invariant 3, and that every journal has its payment or top-up, and the other way round. */
async function faultsOfLedger({ ownerDb }: Stack): Promise<string[]> {
  const faults: string[] = [];
  await auditLedger(ownerDb, {
    onFault: ({ journal, what }) => void faults.push(`journal ${journal} ${what}`),
  });
  return faults;
}

/** What a reservation's workflow shows once it has ended: REFUSED is no status of a reservation. */
const ENDED_WITHOUT_HOLD = 'REFUSED';

/**
 * Invariant 12: an open reservation has a running workflow, and the other way round; none has failed, and one
 * that has ended shows the status that Postgres has, but for CONFIRMED: a later cancellation is a workflow of its own.
 */
async function faultsOfWorkflows({ ownerDb, temporal }: Stack, client: Client): Promise<string[]> {
  const rows = await ownerDb('reservations').select<{ id: string; status: string }[]>('id', 'status');
  const expected = new Map(rows.map(({ id, status }) => [reservationWorkflowId(id), status]));
  const faults: string[] = [];
  const running = new Set<string>();
  for await (const workflow of client.workflow.list({ query: `TaskQueue = '${temporal.taskQueue}'` })) {
    const { workflowId, type, status, typedSearchAttributes } = workflow;
    const shown = typedSearchAttributes.get(RESERVATION_STATUS);
    if (status.name === 'RUNNING') {
      if (type === RESERVATION_WORKFLOW) running.add(workflowId);
    } else if (status.name === 'TERMINATED' && type === RESERVATION_WORKFLOW) {
      // By an operator, or by an API that starts again; whether somebody took it over is asked below.
    } else if (status.name !== 'COMPLETED') faults.push(`workflow ${workflowId} is ${status.name}`);
    else if (
      shown !== undefined &&
      shown !== ENDED_WITHOUT_HOLD &&
      shown !== endedAs(expected.get(workflowId))
    ) {
      faults.push(`workflow ${workflowId} ended ${shown}, Postgres says ${expected.get(workflowId)}`);
    }
  }
  for (const [id, status] of expected) {
    if (OPEN.has(status) && !running.has(id)) faults.push(`${id} is open and no workflow runs`);
  }
  for (const id of running) {
    if (!OPEN.has(expected.get(id) ?? '')) faults.push(`workflow ${id} runs for nothing`);
  }
  return faults;
}

function endedAs(status: string | undefined): string | undefined {
  return status === 'CANCELLED' ? 'CONFIRMED' : status;
}

const OPEN: ReadonlySet<string> = new Set(['HELD', 'PAYING', 'SETTLING']);

/** Invariants 12 and 13: no workflow task failed for non-determinism, and no log tells a secret. */
async function faultsOfLogs({ api, worker, gateway }: Stack, secrets: readonly string[]): Promise<string[]> {
  const logs = await Promise.all(
    [api, worker, gateway].map(async ({ logFile }) => ({ logFile, text: await readFile(logFile, 'utf8') })),
  );
  return logs.flatMap(({ logFile, text }) => {
    const faults: string[] = [];
    if (secrets.some((secret) => text.includes(secret))) faults.push(`${logFile} tells a secret`);
    if (/nondeterminis|TMPRL1100/i.test(text)) faults.push(`${logFile} tells of non-determinism`);
    return faults;
  });
}
