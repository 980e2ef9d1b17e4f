import { randomUUID } from 'node:crypto';
import type { BookedCharge, ChargeRequest, PaymentGateway } from '../../src/domain/payments/gateway';

const MINUTE_MS = 60_000;
const VOIDED = { outcome: 'declined', reason: 'voided' };

/** A gateway and a stand-in for the server that it calls, with charges to try it. Each call makes another charge. */
export interface GatewayOnStand {
  gateway: PaymentGateway;
  /** The card will pay this charge. */
  good(): ChargeRequest;
  /** The card will decline this charge. */
  bad(): ChargeRequest;
  /** The card will pay this charge, but the gateway gets no response. */
  unheard(): ChargeRequest;
  stop(): Promise<void>;
}

/** What the workflows rely on for every gateway: `src/domain/payments/gateway.ts` as tests. */
export function describeGateway(name: string, open: () => Promise<GatewayOnStand>): void {
  describe(`${name} keeps the contract of a payment gateway`, () => {
    let stand: GatewayOnStand;
    let gateway: PaymentGateway;
    beforeAll(async () => {
      stand = await open();
      ({ gateway } = stand);
    });
    afterAll(async () => stand.stop());

    /** Takes the money. If the gateway works in two steps, it takes both. */
    async function take(charge: ChargeRequest) {
      const charged = await gateway.charge(charge);
      return charged.outcome === 'authorised' ? gateway.capture(charge, charged.gatewayPaymentId) : charged;
    }

    async function taken() {
      const charge = stand.good();
      const outcome = await take(charge);
      if (outcome.outcome !== 'approved') throw new Error(`the charge is ${outcome.outcome}`);
      return { charge, gatewayPaymentId: outcome.gatewayPaymentId };
    }

    async function refundOf(amount: number) {
      return { ...(await taken()), refundKey: `refund-${randomUUID()}`, amount, reason: 'cancelled' };
    }

    async function bookLine(gatewayPaymentId: string): Promise<BookedCharge | undefined> {
      const window = { from: Date.now() - MINUTE_MS, to: Date.now() + MINUTE_MS };
      let cursor: string | undefined;
      do {
        const page = await gateway.readBook(window, cursor);
        const line = page.items.find((item) => item.gatewayPaymentId === gatewayPaymentId);
        if (line) return line;
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return undefined;
    }

    describe('a charge', () => {
      it('is approved, and a look-up returns the same', async () => {
        const charge = stand.good();

        const outcome = await take(charge);

        expect(outcome).toMatchObject({ outcome: 'approved' });
        expect(await gateway.lookUp(charge)).toEqual(outcome);
      });

      it('that is requested again is the same charge', async () => {
        const { charge, gatewayPaymentId } = await taken();

        expect(await take(charge)).toMatchObject({ outcome: 'approved', gatewayPaymentId });
      });

      it('that is refused is declined permanently, with a reason', async () => {
        const charge = stand.bad();

        const outcome = await take(charge);

        expect(outcome).toEqual({
          outcome: 'declined',
          reason: expect.stringMatching(/^[a-z0-9-]+$/) as unknown,
        });
        expect(await gateway.lookUp(charge)).toEqual(outcome);
      });

      it('without a response is unknown, and its look-up returns the outcome', async () => {
        const charge = stand.unheard();

        expect(await take(charge)).toMatchObject({ outcome: 'unknown' });

        expect((await gateway.lookUp(charge)).outcome).toMatch(/^(approved|authorised)$/);
      });

      it('that the gateway does not know is absent', async () => {
        expect(await gateway.lookUp(stand.good())).toEqual({ outcome: 'absent' });
      });
    });

    describe('a void', () => {
      it('returns the money that was taken, and gives the same response again', async () => {
        const { charge } = await taken();
        const voided = { outcome: 'voided', returned: charge.amount };

        expect(await gateway.void(charge, 'lost')).toEqual(voided);
        expect(await gateway.void(charge, 'lost')).toEqual(voided);
        expect(await gateway.lookUp(charge)).toEqual(VOIDED);
      });

      it('blocks a charge that comes later', async () => {
        const charge = stand.good();

        expect(await gateway.void(charge, 'lost')).toEqual({ outcome: 'voided', returned: 0 });

        expect(await take(charge)).toMatchObject({ outcome: 'declined' });
      });
    });

    describe('a refund', () => {
      it('is made once under its key', async () => {
        const refund = await refundOf(500);

        const outcome = await gateway.refund(refund);

        expect(outcome).toMatchObject({ outcome: 'refunded' });
        expect(await gateway.refund(refund)).toEqual(outcome);
        expect(await bookLine(refund.gatewayPaymentId)).toMatchObject({ refunded: 500 });
        expect(await gateway.lookUp(refund.charge)).toMatchObject({ outcome: 'approved' });
      });

      it('of the whole amount leaves the charge voided', async () => {
        const refund = await refundOf(500);
        await gateway.refund(refund);

        const rest = { ...refund, refundKey: `${refund.refundKey}-2`, amount: refund.charge.amount - 500 };

        expect(await gateway.refund(rest)).toMatchObject({ outcome: 'refunded' });
        expect(await gateway.lookUp(refund.charge)).toEqual(VOIDED);
      });

      it('of more than the rest is refused', async () => {
        const refund = await refundOf(500);
        await gateway.refund(refund);

        const more = { ...refund, refundKey: `${refund.refundKey}-2`, amount: refund.charge.amount };

        expect(await gateway.refund(more)).toMatchObject({ outcome: 'refused' });
      });
    });

    describe('the book', () => {
      it('has each captured charge, with its amount, currency and time', async () => {
        const { charge, gatewayPaymentId } = await taken();
        const { amount, currency, orderId } = charge;

        const line = await bookLine(gatewayPaymentId);

        expect(line).toMatchObject({ status: 'CAPTURED', amount, currency, orderId, refunded: 0 });
        expect(Math.abs(Date.parse(line?.bookedAt ?? '') - Date.now())).toBeLessThan(MINUTE_MS);
      });
    });

    it('a message without a signature is rejected', () => {
      const message = { body: Buffer.from('{}'), headers: {}, token: undefined, receivedAt: Date.now() };

      expect(gateway.readWebhook(message)).toMatchObject({ kind: 'rejected' });
    });

    it('the health check passes', async () => {
      await expect(gateway.ping()).resolves.toBeUndefined();
    });
  });
}
