import type { Activities } from '../../src/activities';
import type { PaymentStep } from './steps';
import { chargeOfPayment } from '../../src/gateways/chargeRequest';
import type { ChargeRequest, PaymentGateway } from '../../src/domain/payments/gateway';
import { anAttempt, createSale, createUser } from './factories';
import type { Fixture } from './fixture';
import { aConfirmation, aFailure, aGrant } from './steps';

/** A top-up, with the ids of its parts. */
export interface BoughtPoints {
  userId: string;
  topUpId: string;
  charge: ChargeRequest;
}

/** Makes purchases step by step. All of their money is in the ledger and in the gateway's book. */
export interface Purchases {
  buyPoints(amount: number, userId?: string): Promise<BoughtPoints>;
  /** A top-up that was opened and charged, but never credited. */
  openTopUp(amount: number): Promise<BoughtPoints>;
  /** A payment of one seat that is under way: the points are taken, and the rest is charged to the card. */
  beginPayment(points: number): Promise<PaymentStep>;
  /** A reservation of one seat, paid and confirmed. */
  buySeat(points: number): Promise<PaymentStep>;
  /** A payment that failed, and whose charge was voided. */
  failPayment(points: number): Promise<PaymentStep>;
}

export function createPurchases(
  {
    database: { owner },
    grant,
    request,
    requestTopUp,
    gateway,
  }: Pick<Fixture, 'database' | 'grant' | 'request' | 'requestTopUp'> & { gateway: PaymentGateway },
  activities: Activities,
): Purchases {
  async function openTopUp(amount: number, userId?: string): Promise<BoughtPoints> {
    const payerId = userId ?? (await createUser(owner));
    const { topUpId } = await requestTopUp(payerId, amount, gateway.name);
    const charge = await activities.openTopUp(topUpId);
    await gateway.charge(charge);
    return { userId: payerId, topUpId, charge };
  }

  async function buyPoints(amount: number, userId?: string): Promise<BoughtPoints> {
    const bought = await openTopUp(amount, userId);
    const { gatewayPaymentId } = await bookedAs(bought.charge);
    await activities.creditTopUp({ topUpId: bought.topUpId, gatewayPaymentId });
    return bought;
  }

  async function beginPayment(points: number): Promise<PaymentStep> {
    const sale = await createSale(owner);
    const userId = points > 0 ? (await buyPoints(points)).userId : await createUser(owner);
    const hold = aGrant(sale, userId, sale.seatIds);
    await grant(hold);
    const step = await request(hold, anAttempt(1, points), gateway.name);
    await activities.openPayment(step.paymentId);
    await gateway.charge(chargeOfPayment(step));
    return step;
  }

  return {
    buyPoints,
    openTopUp: async (amount) => openTopUp(amount),
    beginPayment,
    async buySeat(points) {
      const step = await beginPayment(points);
      const { gatewayPaymentId } = await bookedAs(chargeOfPayment(step));
      await activities.confirmReservation({ ...aConfirmation(step), gatewayPaymentId });
      return step;
    },
    async failPayment(points) {
      const step = await beginPayment(points);
      await activities.failPayment({ ...aFailure(step), mayBeCharged: true });
      await activities.giveBackCharge(step.paymentId, 'card-declined');
      return step;
    },
  };

  async function bookedAs(charge: ChargeRequest): Promise<{ gatewayPaymentId: string }> {
    const booked = await gateway.lookUp(charge);
    if (booked.outcome !== 'approved') throw new Error(`${charge.idempotencyKey} was not charged`);
    return booked;
  }
}
