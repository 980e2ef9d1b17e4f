import { condition } from '@temporalio/workflow';
import { GATEWAY_UNAVAILABLE } from '../../domain/payments/gateway';
import type { RequiredSteps } from '../lib/requiredSteps';
import { endlessStep, patientStep } from '../lib/steps';

const giveBackCharge = endlessStep(
  'Undo: refund any charge on the card',
  (activities) => activities.giveBackCharge,
);

/** If the gateway is down, the workflow does not use a local activity: its quick tries would make the customer wait. */
const giveBackLater = patientStep(
  'Undo: refund any charge on the card, once the gateway is back',
  (activities) => activities.giveBackCharge,
);

/** The reason for undoing a payment that its workflow does not know. An operator reads it in the row of the payment. */
export const LOST = 'lost';

/**
 * The charges of one reservation that lead to no sale. The workflow voids each of them until the gateway has confirmed
 * it, however long that takes. This runs beside everything else: no seat waits for it, only the end of the workflow
 * does.
 */
export class PendingVoids {
  private readonly underWay = new Set<string>();

  constructor(private readonly requiredSteps: RequiredSteps) {}

  /** @param paymentId an attempt that has a card part */
  start(paymentId: string, reason = LOST): void {
    if (this.underWay.has(paymentId)) return;
    this.underWay.add(paymentId);
    const giveBack = reason === GATEWAY_UNAVAILABLE ? giveBackLater : giveBackCharge;
    const given = this.requiredSteps.complete(() => giveBack(paymentId, reason));
    void given.then(() => this.underWay.delete(paymentId));
  }

  /** Resolves once all are done, or after `patienceMs`. The refunds that are left continue. */
  async wait(patienceMs: number): Promise<void> {
    if (this.underWay.size > 0) await condition(() => this.underWay.size === 0, patienceMs);
  }

  get count(): number {
    return this.underWay.size;
  }
}
