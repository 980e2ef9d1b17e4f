import { condition } from '@temporalio/workflow';
import type { PaymentStep } from '../activities/payments';
import { GATEWAY_UNAVAILABLE } from '../gateways/gateway';
import { endlessStep, patientStep } from './steps';

const giveBackCharge = endlessStep(
  'Undo: give back whatever the card was charged',
  (activities) => activities.giveBackCharge,
);

/** No use in asking a gateway that is down on the spot, and at once again: the customer waits for that. */
const giveBackLater = patientStep(
  'Undo: give back whatever the card was charged, once the gateway is back',
  (activities) => activities.giveBackCharge,
);

/** Why a payment that nobody remembers was undone: what an operator reads in its row. */
export const LOST = 'lost';

/**
 * The charges of one reservation that lead to no sale. Each is voided until the gateway has said so, however long
 * that takes, beside everything else: no seat waits for it. Only the workflow's end does.
 */
export class GiveBacks {
  private readonly underWay = new Set<string>();

  start(payment: PaymentStep, reason = LOST): void {
    const { paymentId, amount } = payment;
    if (amount.card === 0 || this.underWay.has(paymentId)) return;
    this.underWay.add(paymentId);
    const giveBack = reason === GATEWAY_UNAVAILABLE ? giveBackLater : giveBackCharge;
    void giveBack(payment, reason).then(() => this.underWay.delete(paymentId));
  }

  /** Resolves once all are done, or after that many milliseconds; what is left goes on. */
  async wait(patienceMs: number): Promise<void> {
    if (this.underWay.size > 0) await condition(() => this.underWay.size === 0, patienceMs);
  }

  get count(): number {
    return this.underWay.size;
  }
}
