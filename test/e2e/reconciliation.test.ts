import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { eventually } from '../support/eventually';
import * as contract from './contract';
import { expectAnswer, expectProblem, type User } from './client';
import { expectHold, R_TOTAL } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService({ RECONCILE_AFTER_SECONDS: '1' });
}, START_MS);
afterAll(async () => service.end(), START_MS);

const OVERVIEW = '/v1/admin/reconciliation';
const RUNS_MS = 60_000;

async function overview(query = ''): Promise<z.output<typeof contract.reconciliation>> {
  return expectAnswer(await service.operator.get(`${OVERVIEW}${query}`), 200, contract.reconciliation);
}

/** Runs the comparison until it finds what is expected: a charge must be a second old. */
async function afterRuns<Found>(
  find: (seen: z.output<typeof contract.reconciliation>) => Found | Promise<Found>,
): Promise<Found> {
  return eventually(async () => {
    const reply = await service.operator.call('POST', `${OVERVIEW}/runs`);
    const { requestedAt } = expectAnswer(reply, 202, contract.reconciliationRequested);
    expect(reply.headers.get('Location')).toBe(OVERVIEW);
    const seen = await eventually(async () => {
      const now = await overview();
      // A run that was under way at the time of the request began before it.
      for (const { running, lastRun } of now.gateways) {
        if (running || !lastRun || lastRun.finishedAt < requestedAt) throw new Error('it is under way');
      }
      return now;
    });
    return find(seen);
  }, RUNS_MS);
}

/** The status of each difference about these subjects, by kind. */
async function statuses(subjects: readonly string[]): Promise<Record<string, string>> {
  const { items } = await overview('?limit=200');
  const ours = items.filter(({ subject }) => subjects.includes(subject));
  return Object.fromEntries(ours.map(({ kind, status }) => [kind, status]));
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(service.stack.workerMetricsUrl)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(name));
  return Number(line?.slice(name.length));
}

async function aSale(): Promise<{ user: User; reservationId: string; paymentId: string }> {
  const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
  const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
  const { paymentId } = expectAnswer(await user.pay(reservationId, { points: 0 }), 200, contract.paid);
  return { user, reservationId, paymentId };
}

describe('GET /v1/admin/reconciliation', () => {
  it('reports after a run that all money is explained, and so do the metrics', async () => {
    await aSale();

    const { gateways } = await afterRuns((seen) => {
      expect(seen.gateways[0]?.lastRun?.money).toBeGreaterThanOrEqual(R_TOTAL);
      expect(seen).toMatchObject({ explained: 1, unexplained: 0, oldestUnexplainedSeconds: 0, items: [] });
      return seen;
    });

    expect(gateways).toMatchObject([{ gateway: 'sandbox', lastRun: { read: { charges: 1, attempts: 1 } } }]);
    expect(await metric('holdfast_money_explained_ratio ')).toBe(1);
    expect(await metric('holdfast_oldest_unexplained_seconds ')).toBe(0);
    const age =
      Date.now() / 1000 -
      (await metric('holdfast_reconciliation_last_run_timestamp_seconds{gateway="sandbox"} '));
    expect(age).toBeLessThan(60);
  });

  it('is only for operators', async () => {
    const user = await service.client.join();

    expectProblem(await user.get(OVERVIEW), 403, 'forbidden');
    expectProblem(await user.call('POST', `${OVERVIEW}/runs`), 403, 'forbidden');
    const resolution = `${OVERVIEW}/differences/${randomUUID()}/resolution`;
    expectProblem(await user.post(resolution, { note: 'mine' }), 403, 'forbidden');
    expectProblem(await service.client.call('GET', OVERVIEW), 401, 'unauthenticated');
  });
});

describe('A charge under a key of the service that has no sale', () => {
  it(
    'is found, refunded, and resolved by the next run',
    async () => {
      const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
      const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
      expectProblem(await user.pay(reservationId), 402, 'insufficient-points');
      const { id: paymentId } = await service.stack
        .ownerDb('payments')
        .where({ reservation_id: reservationId })
        .first<{ id: string }>('id');
      await chargeAtTheGateway(paymentId, reservationId);

      await afterRuns(async () =>
        expect(await statuses([paymentId])).toEqual({ 'captured-without-sale': 'RESOLVED' }),
      );

      expect(await service.charges(reservationId)).toMatchObject([{ status: 'REFUNDED', amount: R_TOTAL }]);
      expect(await metric('holdfast_differences{kind="captured-without-sale",status="RESOLVED"} ')).toBe(1);
    },
    RUNS_MS,
  );
});

/** Charges as if a request had been on its way for very long. */
async function chargeAtTheGateway(idempotencyKey: string, orderId: string): Promise<string> {
  const body = { amount: R_TOTAL, currency: 'KRW', orderId, description: 'late' };
  const charge = await askTheGateway('/v1/charges', body, { 'Idempotency-Key': idempotencyKey });
  return z.looseObject({ gatewayPaymentId: z.string() }).parse(charge).gatewayPaymentId;
}

async function askTheGateway(pathname: string, body: object, headers: object = {}): Promise<unknown> {
  const { gatewayUrl, gatewaySecret } = service.stack;
  const response = await fetch(`${gatewayUrl}${pathname}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${gatewaySecret}`, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return response.json();
}

describe('A payment whose success was lost', () => {
  it(
    'waits for an operator, is in the metrics, and is resolved once it is fixed by hand',
    async () => {
      const { reservationId, paymentId } = await aSale();
      const payment = service.stack.ownerDb('payments').where({ id: paymentId });
      await payment.clone().update({ status: 'FAILED', undone_at: new Date() });

      await afterRuns(async () =>
        expect(await statuses([paymentId, reservationId])).toEqual({
          'captured-without-sale': 'OPEN',
          'ledger-differs': 'OPEN',
          'sale-without-payment': 'OPEN',
        }),
      );

      const seen = await overview('?status=OPEN&limit=1');
      expect(seen.explained).toBeLessThan(1);
      expect(seen.nextCursor).not.toBeNull();
      const more = await overview(`?status=OPEN&cursor=${seen.nextCursor}`);
      expect([...seen.items, ...more.items]).toHaveLength(3);
      expect(await metric('holdfast_money_explained_ratio ')).toBeLessThan(1);
      expect(await metric('holdfast_oldest_unexplained_seconds ')).toBeGreaterThan(0);
      expect(await metric('holdfast_differences{kind="sale-without-payment",status="OPEN"} ')).toBe(1);
      expect(await service.charges(reservationId)).toMatchObject([{ status: 'CAPTURED' }]);

      await payment.clone().update({ status: 'SUCCEEDED', undone_at: null });
      await afterRuns(async () =>
        expect(await statuses([paymentId, reservationId])).toEqual({
          'captured-without-sale': 'RESOLVED',
          'ledger-differs': 'RESOLVED',
          'sale-without-payment': 'RESOLVED',
        }),
      );
      expect((await overview()).explained).toBe(1);
    },
    RUNS_MS,
  );
});

describe('POST /v1/admin/reconciliation/differences/{differenceId}/resolution', () => {
  it(
    'closes a difference with the name of the operator, and the next run keeps it closed',
    async () => {
      const key = randomUUID();
      const gatewayPaymentId = await chargeAtTheGateway(key, 'an order of nobody');
      const differenceId = await afterRuns(async () => {
        const { items } = await overview();
        const found = items.find(({ subject }) => subject === gatewayPaymentId);
        if (!found) throw new Error('it is not seen yet');
        expect(found).toMatchObject({ kind: 'unknown-charge', status: 'OPEN', amount: R_TOTAL });
        return found.differenceId;
      });
      const resolution = `${OVERVIEW}/differences/${differenceId}/resolution`;

      const closed = expectAnswer(
        await service.operator.post(resolution, { note: 'Refunded by phone' }),
        200,
        contract.difference,
      );

      const resolved = { status: 'RESOLVED', resolvedBy: service.operator.userId, note: 'Refunded by phone' };
      expect(closed).toMatchObject(resolved);
      await afterRuns(async ({ items }) =>
        expect(items.find((item) => item.differenceId === differenceId)).toMatchObject(resolved),
      );
      const again = await service.operator.post(resolution, { note: 'Otherwise' });
      expect(expectAnswer(again, 200, contract.difference)).toMatchObject(resolved);
      // The audit at the end allows no money that is kept for nothing.
      await askTheGateway(`/v1/charges/by-key/${key}/void`, { reason: 'test' });
    },
    RUNS_MS,
  );

  it('responds with 404 difference-not-found, and 400 without a note', async () => {
    const resolution = `${OVERVIEW}/differences/${randomUUID()}/resolution`;

    expectProblem(await service.operator.post(resolution, { note: 'nothing' }), 404, 'difference-not-found');
    expectProblem(await service.operator.post(resolution, { note: ' ' }), 400, 'validation-failed');
  });
});

describe('npm run ledger:audit', () => {
  it('proves the ledger of the running service', async () => {
    await aSale();

    const { code, output } = await auditLedger();

    expect(output).toMatch(/^Read \d+ journals, \d+ payments, \d+ top-ups, \d+ wallets\.$/m);
    expect(output).toMatch(/^gateway:clearing:sandbox +\d+ +-[\d,]+ {2}KRW$/m);
    expect(output).toMatch(/^No fault was found \(\d+\.\d s\)\.$/m);
    expect(code).toBe(0);
  });

  it('names the journal of each fault, and exits with 1', async () => {
    const { paymentId } = await aSale();
    const sale = service.stack.ownerDb('journals').where({ key: `sale:${paymentId}` });
    await sale.clone().update({ kind: 'GIFT' });

    const { code, output } = await auditLedger();

    await sale.clone().update({ kind: 'SALE' });
    expect(output).toContain(`FAULT sale:${paymentId}: is of the unknown kind GIFT`);
    expect(code).toBe(1);
  });
});

async function auditLedger(): Promise<{ code: number | null; output: string }> {
  const script = path.resolve('dist/audit/ledger/main.js');
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], DATABASE_URL: service.stack.databaseUrl };
    const child = execFile(process.execPath, [script], { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}
