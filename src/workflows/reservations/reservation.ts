import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { Duties } from '../lib/duties';
import { refuse } from '../../contract/failures';
import { GiveBacks } from '../payments/giveBacks';
import { GATEWAY_HINT_SIGNAL } from '../../contract/payments';
import {
  PAY_UPDATE,
  RELEASE_UPDATE,
  RESERVATION_QUERY,
  type PayInput,
  type PayResult,
  type ReservationInput,
  type ReservationState,
} from '../../contract/reservations';
import { afterLostPayments, payReservation } from '../payments/payment';
import { describe, isOver, statusOf, type Phase } from './reservationPhase';
import { RESERVATION_STATUS } from '../../contract/searchAttributes';
import { endlessStep } from '../lib/steps';

export const payUpdate = defineUpdate<PayResult, [PayInput]>(PAY_UPDATE);
export const releaseUpdate = defineUpdate(RELEASE_UPDATE);
export const gatewayHintSignal = defineSignal(GATEWAY_HINT_SIGNAL);
export const reservationQuery = defineQuery<ReservationState>(RESERVATION_QUERY);

const endHold = endlessStep('Release the seats', (activities) => activities.endHold);

/**
 * One reservation, from the hold to its end. The API starts it just before it grants the hold in Postgres, so that no
 * hold is ever without it. It alone pays, releases or expires the hold; Postgres decides who owns the seats, and its
 * rows are this workflow's read model.
 *
 * - Not paid when the timer fires, the hold expires. Where Postgres has no hold, as when the API was refused or died
 *   before it could be granted, the workflow only ends.
 * - A `pay` that is accepted before the hold's end may finish: the timer takes no seats from a payment.
 * - A charge whose outcome is unknown keeps the seats until `settleSeconds` past the hold, and not longer. The workflow
 *   goes on until the outcome is known, and refunds whatever was charged for no sale.
 * - `release`, or a cancellation by the API or an operator, ends a hold early.
 */
export async function reservation(input: ReservationInput): Promise<ReservationState> {
  const { reservationId } = input;
  const expiresAt = new Date(input.expiresAt).toISOString();
  // Widened by hand: handlers change it where the compiler does not look.
  let phase = 'HELD' as Phase;
  let payment: { attempt: Attempt; answer: Promise<PayResult> } | null = null;
  let payments = 0;
  let holdOver = false;
  let ending: Promise<void> | null = null;
  let hints = 0;
  const duties = new Duties();
  const giveBacks = new GiveBacks(duties);

  let givenUp = false;
  CancellationScope.current().cancelRequested.catch(() => (givenUp = true));

  setHandler(reservationQuery, currentState, { description: 'Where the reservation stands' });
  setHandler(gatewayHintSignal, () => void (hints += 1), {
    description: 'The gateway has a message about a charge: ask it again',
  });
  setHandler(payUpdate, shielded(pay), { validator: assertPayable, description: 'Pays the reservation' });
  setHandler(releaseUpdate, shielded(release), {
    validator: assertReleasable,
    description: 'Releases the hold early',
  });

  return shielded(run)();

  async function run(): Promise<ReservationState> {
    setCurrentDetails(describe(phase, expiresAt));
    startTimer(input.expiresAt - Date.now());
    while (!isOver(phase)) {
      await condition(() => isOver(phase) || (phase === 'HELD' && (holdOver || givenUp)));
      if (!isOver(phase)) await end(holdOver ? 'EXPIRED' : 'RELEASED');
    }
    await condition(() => allHandlersFinished() && (payment === null || payment.attempt.finished));
    if (giveBacks.count > 0) {
      setCurrentDetails(`${describe(phase, expiresAt)} A charge is still to be refunded.`);
      await condition(() => giveBacks.count === 0);
      setCurrentDetails(describe(phase, expiresAt));
    }
    return currentState();
  }

  /** One timer for the whole reservation: nothing a user does moves the hold's end. */
  function startTimer(milliseconds: number): void {
    holdOver = false;
    const summary = `The hold ends at ${expiresAt}`;
    void sleep(Math.max(1, milliseconds), { summary }).then(() => (holdOver = true));
  }

  async function pay({ paymentId }: PayInput): Promise<PayResult> {
    if (payment && (phase === 'SETTLING' || isUnderWayOrPaid(paymentId))) return payment.answer;
    const attempt: Attempt = { paymentId, finished: false };
    payment = { attempt, answer: make(attempt) };
    payments += 1;
    return payment.answer;
  }

  /** A payment that has failed is made again: it may be requested again, and its row says what may be done. */
  function isUnderWayOrPaid(paymentId: string): boolean {
    if (payment?.attempt.paymentId !== paymentId) return false;
    return phase !== 'HELD' || !payment.attempt.finished;
  }

  /** Resolves once the payment is made, or its outcome is known to take longer. */
  async function make(attempt: Attempt): Promise<PayResult> {
    const { paymentId } = attempt;
    enter('PAYING');
    const paid = payReservation(
      { paymentId, reservationId, expiresAt },
      {
        until: input.expiresAt + input.settleSeconds * 1000,
        hints: () => hints,
        onSettling: () => enter('SETTLING'),
        giveBacks,
        duties,
      },
    )
      .then((result) => {
        enter('CONFIRMED');
        return result;
      })
      .catch((error: unknown) => {
        enter('HELD');
        throw error;
      })
      .finally(() => (attempt.finished = true));
    const settling = condition(() => phase === 'SETTLING' || attempt.finished).then((): PayResult => {
      return { paymentId, status: 'SETTLING' };
    });
    return Promise.race([paid, settling]);
  }

  async function release(): Promise<void> {
    await end('RELEASED');
  }

  /** Ends the hold once; a second caller waits for the same end. */
  async function end(wanted: 'EXPIRED' | 'RELEASED'): Promise<void> {
    if (phase === 'HELD') {
      // The phase changes first, so that no payment starts while the seats go.
      enter('ENDING');
      ending = endInPostgres(wanted);
    }
    await ending;
  }

  async function endInPostgres(wanted: 'EXPIRED' | 'RELEASED'): Promise<void> {
    const ended = await duties.fulfil(() =>
      afterLostPayments(reservationId, { giveBacks, duties }, () =>
        endHold({ reservationId, status: wanted, expiresAt: input.expiresAt }),
      ),
    );
    for (const failed of ended.toGiveBack) giveBacks.start(failed);
    // Postgres decides. CONFIRMED: it was paid, and the answer was lost on its way to here.
    enter(ended.status);
    // HELD: Temporal's clock is ahead of Postgres's.
    if (ended.status === 'HELD') startTimer(ended.millisecondsLeft);
  }

  function assertPayable({ paymentId }: PayInput): void {
    // A second request for the same payment gets its answer.
    if (phase === 'SETTLING' || payment?.attempt.paymentId === paymentId) return;
    if (phase === 'PAYING')
      throw refuse('payment-in-progress', 'Another payment of this reservation is under way.');
    if (phase === 'CONFIRMED') throw refuse('reservation-already-confirmed', 'This reservation is paid.');
    if (phase !== 'HELD' || Date.now() >= input.expiresAt) {
      throw refuse('reservation-expired', 'The hold has ended.');
    }
  }

  function assertReleasable(): void {
    // What has ended without a sale stays so: releasing it again has no effect.
    if (phase === 'PAYING' || phase === 'SETTLING' || phase === 'CONFIRMED') {
      throw refuse('reservation-not-releasable', `The reservation is ${phase}.`);
    }
  }

  function enter(next: Phase): void {
    // The start said HELD; what passes within one workflow task is not worth an event.
    const isWorthAnEvent = next === 'SETTLING' || phase === 'SETTLING' || isOver(next);
    phase = next;
    setCurrentDetails(describe(next, expiresAt));
    if (isWorthAnEvent) upsertSearchAttributes([{ key: RESERVATION_STATUS, value: next }]);
  }

  function currentState(): ReservationState {
    return { status: statusOf(phase), expiresAt, paymentId: payment?.attempt.paymentId ?? null, payments };
  }
}

interface Attempt {
  paymentId: string;
  finished: boolean;
}

/** Cancelling asks the workflow to end its hold; it interrupts nothing that has begun. */
function shielded<Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) {
  return async (...args: Args): Promise<Result> =>
    CancellationScope.nonCancellable(async () => work(...args));
}
