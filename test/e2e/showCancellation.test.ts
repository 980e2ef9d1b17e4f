import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { eventually } from '../support/eventually';
import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import type { Reply } from './reply';
import { BOOKING_FEE, expectHold, PRICES, R_TOTAL, type Sale } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

/** Time for the first two walks and the pause between them, and far more for a busy machine. */
const DONE_MS = 60_000;

const pathOf = (scheduleId: string) => `/v1/admin/schedules/${scheduleId}/cancellation`;
const cancelShow = async (scheduleId: string, body: object = {}) =>
  service.operator.post(pathOf(scheduleId), body);
const adjust = async (scheduleId: string, body: object) =>
  service.operator.call('PATCH', pathOf(scheduleId), { body });

/** 202 while something is left to do, and 200 once it is done. A show without reservations is done at once. */
function expectAccepted(reply: Reply) {
  return expectAnswer(reply, reply.status === 200 ? 200 : 202, contract.showCancellation);
}

async function progress(scheduleId: string, query = '') {
  return expectAnswer(await service.operator.get(pathOf(scheduleId) + query), 200, contract.showCancellation);
}

async function untilDone(scheduleId: string) {
  return eventually(async () => {
    const view = await progress(scheduleId);
    if (view.status !== 'DONE') throw new Error(`the cancellation is ${JSON.stringify(view)}`);
    return view;
  }, DONE_MS);
}

/** A user who has paid for a seat of the sale with this number of points and the rest by card. */
async function aBuyer(sale: Sale, seat: number, points: number, paymentKey?: string) {
  const user = await service.buyer(points);
  const { reservationId } = await expectHold(user, sale.seatIds.slice(seat, seat + 1));
  const reply = await user.pay(reservationId, { points, ...(paymentKey && { paymentKey }) });
  const { tickets } = expectAnswer(reply, 200, contract.paid);
  return { user, reservationId, points, ticketId: tickets[0]?.ticketId ?? '' };
}

async function saleStatusOf({ concertId }: Sale): Promise<string> {
  const reply = await service.client.call('GET', `/v1/concerts/${concertId}`);
  return expectAnswer(reply, 200, contract.concertDetail).saleStatus;
}

/** The refunds of the gateway, from its own book. */
async function refundsOf(reservationId: string): Promise<number[]> {
  const lines = await service.charges(reservationId);
  return lines.flatMap((line) => ('refunds' in line ? line.refunds.map(({ amount }) => amount) : []));
}

/** The sentence at the top of the page of the workflow. */
async function detailsOf(workflowId: string): Promise<string> {
  const handle = service.temporal.workflow.getHandle(workflowId);
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

async function ticketStatus(user: User, ticketId: string): Promise<string> {
  const { body } = await user.get(`/v1/tickets/${ticketId}`);
  return z.looseObject({ status: z.string() }).parse(body).status;
}

describe('POST /v1/admin/schedules/{scheduleId}/cancellation', () => {
  it(
    'refunds every buyer in full, with fees, ends holds, and closes the sale permanently',
    async () => {
      const sale = await service.openSale();
      const { scheduleId } = sale;
      const buyers = [
        await aBuyer(sale, 0, PRICES.R),
        await aBuyer(sale, 1, 10_000),
        await aBuyer(sale, 2, 0),
      ];
      const holder = await service.buyer();
      const { reservationId: held } = await expectHold(holder, sale.seatIds.slice(3, 4));

      const reply = await cancelShow(scheduleId, { reason: 'The singer is ill', refundsPerSecond: 20 });

      const accepted = expectAnswer(reply, 202, contract.showCancellation);
      expect(reply.headers.get('Location')).toBe(pathOf(scheduleId));
      expect(accepted).toMatchObject({ reason: 'The singer is ill', refundsPerSecond: 20 });
      expect(await saleStatusOf(sale)).toBe('CANCELLED');
      const done = await untilDone(scheduleId);
      const points = PRICES.R + 10_000;
      expect(done).toMatchObject({
        counts: { reservations: 3, refunded: 3, toDo: 0, openHolds: 0, failing: 0 },
        refunded: { points, card: 3 * R_TOTAL - points },
        due: { points: 0, card: 0 },
        failures: { items: [], nextCursor: null },
      });
      for (const { user, reservationId, points: paid, ticketId } of buyers) {
        expect(await user.balance()).toBe(paid);
        expect(await refundsOf(reservationId)).toEqual([R_TOTAL - paid]);
        expect(await ticketStatus(user, ticketId)).toBe('VOID');
        expect(await user.reservation(reservationId)).toMatchObject({
          status: 'CANCELLED',
          cancellation: { cause: 'ORGANISER', fee: 0, bookingFeeRefund: BOOKING_FEE },
        });
      }
      expect((await holder.reservation(held)).status).toBe('RELEASED');
      expectProblem(await holder.hold(sale.seatIds.slice(0, 1)), 403, 'sale-not-open', { cancelled: true });
    },
    DONE_MS,
  );

  it(
    'is one cancellation: two operators at once and a later request get the same one',
    async () => {
      const { scheduleId } = await service.openSale();

      const replies = await Promise.all([cancelShow(scheduleId), cancelShow(scheduleId, { reason: 'Rain' })]);

      const views = replies.map(expectAccepted);
      expect(views[0]?.startedAt).toBe(views[1]?.startedAt);
      expect(views[0]?.reason).toBe(views[1]?.reason);
      const done = await untilDone(scheduleId);
      const again = await cancelShow(scheduleId, { reason: 'Another one' });
      expect(expectAnswer(again, 200, contract.showCancellation)).toEqual(done);
    },
    DONE_MS,
  );

  it('responds with 404 for an unknown schedule, and with 400 for an invalid rate', async () => {
    const { scheduleId } = await service.openSale();

    expectProblem(await cancelShow(randomUUID()), 404, 'schedule-not-found');
    for (const body of [{ refundsPerSecond: 0 }, { refundsPerSecond: 101 }, { rate: 5 }]) {
      expectProblem(await cancelShow(scheduleId, body), 400, 'validation-failed');
    }
    expectProblem(await service.operator.get(pathOf(scheduleId)), 404, 'show-not-cancelled');
  });
});

describe('the progress of a cancelled show', () => {
  it(
    'can be paused, resumed and sped up',
    async () => {
      const sale = await service.openSale();
      const { scheduleId } = sale;
      await Promise.all([aBuyer(sale, 0, 0), aBuyer(sale, 1, 0), aBuyer(sale, 2, 0)]);
      expectStatus(await cancelShow(scheduleId, { refundsPerSecond: 1 }), 202);

      const paused = expectAnswer(await adjust(scheduleId, { paused: true }), 200, contract.showCancellation);

      expect(paused).toMatchObject({ status: 'PAUSED', refundsPerSecond: 1 });
      expect(paused.counts['toDo']).toBeGreaterThan(0);
      await eventually(async () =>
        expect(await detailsOf(paused.workflow.workflowId)).toMatch(/^Paused by an operator/),
      );
      const resumed = await adjust(scheduleId, { paused: false, refundsPerSecond: 50 });
      expect(expectAnswer(resumed, 200, contract.showCancellation)).toMatchObject({
        status: 'RUNNING',
        refundsPerSecond: 50,
      });
      await untilDone(scheduleId);
      expectProblem(await adjust(scheduleId, { paused: true }), 409, 'show-cancellation-done');
    },
    DONE_MS,
  );

  it(
    'lists the failing refunds, page by page, until they are done',
    async () => {
      const sale = await service.openSale();
      const { scheduleId } = sale;
      const buyers = [
        await aBuyer(sale, 0, 0, 'sandbox:refund-refused:1'),
        await aBuyer(sale, 1, 0, 'sandbox:refund-refused:1'),
      ];
      expectStatus(await cancelShow(scheduleId), 202);

      const [first, second] = await eventually(async () => {
        const page = await progress(scheduleId, '?limit=1');
        expect(page.counts).toMatchObject({ failing: 2, refunded: 0 });
        const next = await progress(scheduleId, `?limit=1&cursor=${page.failures.nextCursor}`);
        return [page, next];
      }, DONE_MS);

      expect(first?.due).toEqual({ points: 0, card: 2 * R_TOTAL });
      const listed = [first, second].flatMap((page) => page?.failures.items ?? []);
      expect(listed.map((item) => item.reservationId)).toEqual(
        buyers.map((buyer) => buyer.reservationId).toSorted(),
      );
      expect(listed[0]).toMatchObject({ attempts: 1, amount: R_TOTAL });
      expect(await untilDone(scheduleId)).toMatchObject({ counts: { refunded: 2, failing: 0 } });
    },
    DONE_MS,
  );

  it('links to a workflow that exists', async () => {
    const { scheduleId } = await service.openSale();
    const { workflow } = expectAccepted(await cancelShow(scheduleId));

    expect(workflow.url).toContain(workflow.workflowId);
    const { searchAttributes } = await service.temporal.workflow.getHandle(workflow.workflowId).describe();
    expect(searchAttributes).toMatchObject({ ScheduleId: [scheduleId] });
    await untilDone(scheduleId);
    expect(await detailsOf(workflow.workflowId)).toMatch(/^Done/);
  });

  it('responds with 404 for a show that is not cancelled, and for an unknown one', async () => {
    const { scheduleId } = await service.openSale();

    expectProblem(await service.operator.get(pathOf(scheduleId)), 404, 'show-not-cancelled');
    expectProblem(await adjust(scheduleId, { paused: true }), 404, 'show-not-cancelled');
    expectProblem(await service.operator.get(pathOf(randomUUID())), 404, 'schedule-not-found');
    expectProblem(await adjust(randomUUID(), { paused: true }), 404, 'schedule-not-found');
  });
});
