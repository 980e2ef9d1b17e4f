import {
  allHandlersFinished,
  condition,
  setCurrentDetails,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { refuse } from '../../contract/failures';
import type { PayInput, PayResult, ReservationInput, ReservationState } from '../../contract/reservations';
import { RESERVATION_STATUS } from '../../contract/searchAttributes';
import { RequiredSteps } from '../lib/requiredSteps';
import { endlessStep } from '../lib/steps';
import { PendingVoids } from '../payments/pendingVoids';
import { runDespiteLostPayments, payReservation } from '../payments/payment';
import { describe, isOver, statusOf, type Phase } from './reservationPhase';

const endHold = endlessStep('Release the seats', (activities) => activities.endHold);

interface Attempt {
  paymentId: string;
  finished: boolean;
}

/** The state of the workflow of one reservation, and what changes it: the timer, payments, and the end of the hold. */
export class Hold {
  private phase: Phase = 'HELD';
  private payment: { attempt: Attempt; answer: Promise<PayResult> } | null = null;
  private payments = 0;
  private timerFired = false;
  private ending: Promise<void> | null = null;
  private hints = 0;
  private readonly expiresAt: string;
  private readonly requiredSteps = new RequiredSteps();
  private readonly pendingVoids = new PendingVoids(this.requiredSteps);

  constructor(private readonly input: ReservationInput) {
    this.expiresAt = new Date(input.expiresAt).toISOString();
    setCurrentDetails(describe(this.phase, this.expiresAt));
  }

  get isOver(): boolean {
    return isOver(this.phase);
  }

  /** The timer fired, and no payment keeps the seats. */
  get hasRunOut(): boolean {
    return this.phase === 'HELD' && this.timerFired;
  }

  /** No payment is under way, and nothing has ended the hold. */
  get isFree(): boolean {
    return this.phase === 'HELD';
  }

  get state(): ReservationState {
    const { phase, expiresAt, payment, payments } = this;
    return { status: statusOf(phase), expiresAt, paymentId: payment?.attempt.paymentId ?? null, payments };
  }

  /** One timer for the whole reservation: no request of a user moves the end of the hold. */
  startTimer(milliseconds = this.input.expiresAt - Date.now()): void {
    this.timerFired = false;
    const summary = `The hold ends at ${this.expiresAt}`;
    void sleep(Math.max(1, milliseconds), { summary }).then(() => (this.timerFired = true));
  }

  /** The gateway has sent a message about a charge of this reservation. */
  hint(): void {
    this.hints += 1;
  }

  assertPayable({ paymentId }: PayInput): void {
    const { phase, payment } = this;
    // A second request for the same payment gets the same result.
    if (phase === 'SETTLING' || payment?.attempt.paymentId === paymentId) return;
    if (phase === 'PAYING')
      throw refuse('payment-in-progress', 'Another payment of this reservation is under way.');
    if (phase === 'CONFIRMED') throw refuse('reservation-already-confirmed', 'This reservation is paid.');
    if (phase !== 'HELD' || Date.now() >= this.input.expiresAt) {
      throw refuse('reservation-expired', 'The hold has ended.');
    }
  }

  async pay({ paymentId }: PayInput): Promise<PayResult> {
    if (this.payment && (this.phase === 'SETTLING' || this.isUnderWayOrPaid(paymentId))) {
      return this.payment.answer;
    }
    const attempt: Attempt = { paymentId, finished: false };
    this.payment = { attempt, answer: this.make(attempt) };
    this.payments += 1;
    return this.payment.answer;
  }

  assertReleasable(): void {
    const { phase } = this;
    // A hold that ended without a sale stays ended: releasing it again has no effect.
    if (phase === 'PAYING' || phase === 'SETTLING' || phase === 'CONFIRMED') {
      throw refuse('reservation-not-releasable', `The reservation is ${phase}.`);
    }
  }

  /** Ends the hold once. A second caller waits for the same end. */
  async end(wanted: 'EXPIRED' | 'RELEASED'): Promise<void> {
    if (this.phase === 'HELD') {
      // The phase changes first, so that no payment starts while the seats are being released.
      this.enter('ENDING');
      this.ending = this.endInPostgres(wanted);
    }
    await this.ending;
  }

  /** Resolves once every request has its response, and every charge without a sale is refunded. */
  async settle(): Promise<void> {
    await condition(() => allHandlersFinished() && (this.payment === null || this.payment.attempt.finished));
    if (this.pendingVoids.count === 0) return;
    setCurrentDetails(`${describe(this.phase, this.expiresAt)} A charge is still to be refunded.`);
    await condition(() => this.pendingVoids.count === 0);
    setCurrentDetails(describe(this.phase, this.expiresAt));
  }

  /** False for a payment that has failed: a client may request it again, and its row says what may be done. */
  private isUnderWayOrPaid(paymentId: string): boolean {
    if (this.payment?.attempt.paymentId !== paymentId) return false;
    return this.phase !== 'HELD' || !this.payment.attempt.finished;
  }

  /** Resolves once the payment is made, or once it is known that its outcome takes longer. */
  private async make(attempt: Attempt): Promise<PayResult> {
    const { paymentId } = attempt;
    const { reservationId, expiresAt, settleSeconds } = this.input;
    const { pendingVoids, requiredSteps } = this;
    this.enter('PAYING');
    const paid = payReservation(
      { paymentId, reservationId, expiresAt: this.expiresAt },
      {
        until: expiresAt + settleSeconds * 1000,
        hints: () => this.hints,
        onSettling: () => this.enter('SETTLING'),
        pendingVoids,
        requiredSteps,
      },
    )
      .then((result) => {
        this.enter('CONFIRMED');
        return result;
      })
      .catch((error: unknown) => {
        this.enter('HELD');
        throw error;
      })
      .finally(() => (attempt.finished = true));
    const settling = condition(() => this.phase === 'SETTLING' || attempt.finished).then((): PayResult => {
      return { paymentId, status: 'SETTLING' };
    });
    return Promise.race([paid, settling]);
  }

  private async endInPostgres(wanted: 'EXPIRED' | 'RELEASED'): Promise<void> {
    const { requiredSteps, pendingVoids } = this;
    const { reservationId, expiresAt } = this.input;
    const ended = await requiredSteps.complete(() =>
      runDespiteLostPayments(reservationId, { pendingVoids, requiredSteps }, () =>
        endHold({ reservationId, status: wanted, expiresAt }),
      ),
    );
    for (const failed of ended.toGiveBack) pendingVoids.start(failed);
    // Postgres decides. CONFIRMED: the reservation was paid, and the response to this workflow was lost.
    this.enter(ended.status);
    // HELD: Temporal's clock is ahead of the clock of Postgres.
    if (ended.status === 'HELD') this.startTimer(ended.millisecondsLeft);
  }

  private enter(next: Phase): void {
    // The start has set HELD. A phase that passes within one workflow task is not worth an event.
    const isWorthAnEvent = next === 'SETTLING' || this.phase === 'SETTLING' || isOver(next);
    this.phase = next;
    setCurrentDetails(describe(next, this.expiresAt));
    if (isWorthAnEvent) upsertSearchAttributes([{ key: RESERVATION_STATUS, value: next }]);
  }
}
