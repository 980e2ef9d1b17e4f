import { condition } from '@temporalio/workflow';
import { GATEWAY_UNAVAILABLE } from '../../domain/payments/gateway';
import type { Duties } from '../lib/duties';
import { endlessStep, patientStep } from '../lib/steps';

const giveBackCharge = endlessStep(
  'Undo: refund whatever the card was charged',
  (activities) => activities.giveBackCharge,
);

/** A gateway that is down is not asked on the spot, and at once again: the customer waits for that. */
const giveBackLater = patientStep(
  'Undo: refund whatever the card was charged, once the gateway is back',
  (activities) => activities.giveBackCharge,
);

/** Why a payment that its workflow does not remember was undone: what an operator reads in its row. */
export const LOST = 'lost';

/**
 * The charges of one reservation that lead to no sale. Each is voided until the gateway has confirmed it, however long
 * that takes, beside everything else: no seat waits for it. Only the workflow's end does.
 */
export class GiveBacks {
  private readonly underWay = new Set<string>();

  constructor(private readonly duties: Duties) {}

  /** @param paymentId an attempt that has a card part */
  start(paymentId: string, reason = LOST): void {
    if (this.underWay.has(paymentId)) return;
    this.underWay.add(paymentId);
    const giveBack = reason === GATEWAY_UNAVAILABLE ? giveBackLater : giveBackCharge;
    const given = this.duties.fulfil(() => giveBack(paymentId, reason));
    void given.then(() => this.underWay.delete(paymentId));
  }

  /** Resolves once all are done, or after that many milliseconds; what is left goes on. */
  async wait(patienceMs: number): Promise<void> {
    if (this.underWay.size > 0) await condition(() => this.underWay.size === 0, patienceMs);
  }

  get count(): number {
    return this.underWay.size;
  }
}
