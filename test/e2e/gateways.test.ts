import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SECRET_KEY, startToss, type TossServer } from '../gateways/toss/tossServer';
import { openBooks } from '../support/books';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import * as contract from './contract';
import { expectHold, R_TOTAL } from './sale';
import { START_MS, startService, type Service } from './service';

/** Longer than the start of both processes. */
const OUTAGE_MS = 30_000;
const SETTLED_MS = 90_000;

let toss: TossServer;
let service: Service;
let tossKeys: Record<string, string>;

beforeAll(async () => {
  toss = await startToss();
  tossKeys = {
    TOSS_API_URL: toss.url,
    TOSS_SECRET_KEY: SECRET_KEY,
    TOSS_WEBHOOK_SECRET: `token-${randomUUID()}`,
  };
  service = await startService({ RECONCILE_AFTER_SECONDS: '1' });
}, START_MS);

afterAll(async () => {
  // The audit knows only the sandbox. The last test compares what Toss has.
  await service.end();
  await toss.stop();
}, START_MS);

async function restartWith(env: Record<string, string>): Promise<void> {
  const { api, worker } = service.stack;
  await Promise.all([api.restart(env), worker.restart(env)]);
}

async function holder(): Promise<{ user: User; reservationId: string }> {
  const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
  const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
  return { user, reservationId };
}

/** A reservation that is paid only by card, with the gateway for new payments. */
async function aSale(prepare: (reservationId: string) => { paymentKey?: string } = () => ({})) {
  const { user, reservationId } = await holder();
  const reply = await user.pay(reservationId, { points: 0, ...prepare(reservationId) });
  const { paymentId } = expectAnswer(reply, 200, contract.paid);
  return { user, reservationId, paymentId };
}

const preparedAtToss = (reservationId: string) => ({
  paymentKey: toss.prepare({ orderId: `${reservationId}-1`, amount: R_TOTAL }),
});

const paymentOf = async (user: User, paymentId: string) =>
  expectAnswer(await user.get(`/v1/payments/${paymentId}`), 200, contract.payment);

async function refundedAtSandbox(reservationId: string): Promise<number> {
  const lines = await service.charges(reservationId);
  const refunds = lines.flatMap((line) => ('refunds' in line ? line.refunds : []));
  return refunds.reduce((sum, { amount }) => sum + amount, 0);
}

const send = async (path: string) =>
  service.client.call('POST', `/v1/webhooks/${path}`, {
    body: { eventType: 'PAYMENT_STATUS_CHANGED', createdAt: 'now', data: { paymentKey: 'toss_1' } },
    headers: { 'tosspayments-webhook-transmission-id': randomUUID() },
  });

async function unfinished(gateway: string): Promise<string | undefined> {
  const text = await (await fetch(service.stack.workerMetricsUrl)).text();
  const name = `holdfast_gateway_unfinished{gateway="${gateway}",`;
  return text.split('\n').find((line) => line.startsWith(name));
}

describe('When PAYMENT_GATEWAY changes from sandbox to toss while payments are under way', () => {
  it(
    'the gateway that began a payment finishes it',
    async () => {
      const [paid, settling, frozen] = [await aSale(), await holder(), await holder()];
      const outage = { points: 0, paymentKey: `sandbox:outage:${OUTAGE_MS}`, key: 'settling' };
      const { paymentId } = expectAnswer(
        await settling.user.pay(settling.reservationId, outage),
        202,
        contract.settling,
      );
      service.stack.gateway.signal('SIGSTOP');
      const withoutKey = { points: 0, key: 'frozen' };
      const waiting = expectAnswer(
        await frozen.user.pay(frozen.reservationId, withoutKey),
        202,
        contract.settling,
      );

      await restartWith({ PAYMENT_GATEWAY: 'toss', ...tossKeys });

      // Toss needs a payment key. This payment began with a gateway that does not need one.
      expectAnswer(await frozen.user.pay(frozen.reservationId, withoutKey), 202, contract.settling);
      service.stack.gateway.signal('SIGCONT');
      await eventually(async () => {
        expect((await paymentOf(settling.user, paymentId)).status).toBe('SUCCEEDED');
        expect((await paymentOf(frozen.user, waiting.paymentId)).status).not.toBe('SETTLING');
      }, SETTLED_MS);
      expectAnswer(await settling.user.pay(settling.reservationId, outage), 200, contract.paid);
      expect((await settling.user.reservation(settling.reservationId)).status).toBe('CONFIRMED');

      const cancelled = expectAnswer(await paid.user.cancel(paid.reservationId), 200, contract.cancelled);
      await eventually(async () =>
        expect(await refundedAtSandbox(paid.reservationId)).toBe(cancelled.refund.card),
      );
      // Only the scheduled comparison of the books may have read its transactions.
      expect(toss.requests.filter((request) => request !== 'GET /v1/transactions')).toEqual([]);
    },
    3 * SETTLED_MS,
  );
});

describe('With the keys of two gateways', () => {
  beforeAll(async () => restartWith({ PAYMENT_GATEWAY: 'toss', ...tossKeys }), START_MS);

  it('new payments use the chosen gateway, and the API requires what that gateway needs', async () => {
    const { user, reservationId } = await holder();
    const problem = expectProblem(await user.pay(reservationId, { points: 0 }), 400, 'validation-failed');
    expect(problem['errors']).toMatchObject([{ path: 'paymentKey' }]);
    expectProblem(await user.topUp(10_000), 400, 'validation-failed');

    const before = toss.kept();
    const sale = await aSale(preparedAtToss);

    expect(await service.charges(sale.reservationId)).toEqual([]);
    expect(toss.kept()).toBe(before + R_TOTAL);
  });

  it('the API accepts messages of both, and of no other', async () => {
    expectStatus(await send(`toss?token=${tossKeys['TOSS_WEBHOOK_SECRET']}`), 200);
    // The API knows the sandbox, but this message does not have the signature of the sandbox.
    expectProblem(await send('sandbox'), 400, 'webhook-rejected');
    expectProblem(await send('stripe'), 404, 'not-found');
  });

  it(
    'both are compared with the books, and all money is explained',
    async () => {
      await aSale(preparedAtToss);
      await eventually(async () => {
        const asked = await service.operator.call('POST', '/v1/admin/reconciliation/runs');
        const { requestedAt } = expectAnswer(asked, 202, contract.reconciliationRequested);
        await eventually(async () => {
          const seen = expectAnswer(
            await service.operator.get('/v1/admin/reconciliation'),
            200,
            contract.reconciliation,
          );
          const finished = seen.gateways.map(({ lastRun }) => lastRun?.finishedAt ?? '');
          expect(finished.every((at) => at > requestedAt)).toBe(true);
          const [sandbox, tossRuns] = seen.gateways;
          expect(sandbox).toMatchObject({ gateway: 'sandbox' });
          expect(tossRuns).toMatchObject({ gateway: 'toss', lastRun: { money: toss.kept() } });
          expect(seen).toMatchObject({ explained: 1, unexplained: 0 });
        });
      }, SETTLED_MS);
      expect(await openBooks(service.stack.ownerDb).owedByGateway('toss')).toBe(toss.kept());
    },
    2 * SETTLED_MS,
  );
});

describe('A start without the keys of a gateway that is still needed', () => {
  it(
    'logs the missing settings in one line, shows the waiting work, and continues it when the keys are set',
    async () => {
      await restartWith({ PAYMENT_GATEWAY: 'sandbox' });
      const { user, reservationId } = await aSale();
      const before = (await readFile(service.stack.worker.logFile, 'utf8')).length;

      await restartWith({
        PAYMENT_GATEWAY: 'toss',
        ...tossKeys,
        SANDBOX_SECRET: '',
        SANDBOX_WEBHOOK_SECRET: '',
      });

      const line = 'the gateway sandbox is not configured: set SANDBOX_SECRET and SANDBOX_WEBHOOK_SECRET; ';
      await eventually(async () => {
        const told = (await readFile(service.stack.worker.logFile, 'utf8')).slice(before);
        expect(told.split('\n').filter((text) => text.includes(line))).toHaveLength(1);
      });
      const cancelled = expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);
      expect(cancelled).toMatchObject({ refundStatus: 'PENDING' });
      expect(await unfinished('sandbox')).toBe(
        'holdfast_gateway_unfinished{gateway="sandbox",configured="false"} 1',
      );

      const { gatewaySecret, webhookSecret } = service.stack;
      await restartWith({ SANDBOX_SECRET: gatewaySecret, SANDBOX_WEBHOOK_SECRET: webhookSecret });

      await eventually(
        async () => expect(await refundedAtSandbox(reservationId)).toBe(cancelled.refund.card),
        SETTLED_MS,
      );
      await eventually(async () =>
        expect(await unfinished('sandbox')).toBe(
          'holdfast_gateway_unfinished{gateway="sandbox",configured="true"} 0',
        ),
      );
    },
    4 * START_MS,
  );
});
