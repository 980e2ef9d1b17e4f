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
import type { EndHoldInput } from '../activities/reservations';
import { refuse } from './failures';
import { GiveBacks } from './giveBacks';
import {
  GATEWAY_HINT_SIGNAL,
  HOLD_UPDATE,
  PAY_UPDATE,
  RELEASE_UPDATE,
  RESERVATION_QUERY,
  type HeldReservation,
  type PayInput,
  type PayResult,
  type ReservationInput,
  type ReservationState,
} from './messages';
import { afterLostPayments, payReservation } from './payment';
import { describe, isOver, type Phase } from './reservationPhase';
import { RESERVATION_STATUS } from './searchAttributes';
import { endlessStep, quickStep, refusalOf } from './steps';

export const holdUpdate = defineUpdate<HeldReservation>(HOLD_UPDATE);
export const payUpdate = defineUpdate<PayResult, [PayInput]>(PAY_UPDATE);
export const releaseUpdate = defineUpdate(RELEASE_UPDATE);
export const gatewayHintSignal = defineSignal(GATEWAY_HINT_SIGNAL);
export const reservationQuery = defineQuery<ReservationState>(RESERVATION_QUERY);

/** Update-with-start is not atomic: a workflow whose `hold` never arrives ends after this long. */
const HOLD_ARRIVES_WITHIN = '30s';

const recordHold = quickStep('Hold the seats', (activities) => activities.recordHold);
const abandonHold = endlessStep(
  'Undo: release what the failed hold may have taken',
  (activities) => activities.abandonHold,
);
const endHold = endlessStep('Release the seats', (activities) => activities.endHold);

/**
 * One reservation, from the hold to its end. Everything that happens to it is serialised here; Postgres
 * decides who owns the seats, and its rows are this workflow's read model.
 *
 * - `hold` comes with the start; refused, the workflow ends at once.
 * - `pay` accepted before the hold's end is allowed to finish: the timer takes no seats from a payment.
 * - A charge whose fate is unknown keeps the seats until `settleSeconds` past the hold, and not longer. The
 *   workflow itself goes on until the gateway's word is known, and whatever was charged for no sale is given back.
 * - `release`, or a cancellation by an operator or an API that gave the hold up, ends a hold early.
 */
export async function reservation(input: ReservationInput): Promise<ReservationState> {
  // Widened by hand: handlers change it where the compiler does not look.
  let phase = 'NEW' as Phase;
  let held: HeldReservation | null = null;
  let payment: { paymentId: string; finished: boolean } | null = null;
  let payments = 0;
  let holdOver = false;
  let ending: Promise<void> | null = null;
  let hints = 0;
  const giveBacks = new GiveBacks();

  let givenUp = false;
  CancellationScope.current().cancelRequested.catch(() => (givenUp = true));

  setHandler(reservationQuery, currentState, { description: 'Where the reservation stands' });
  setHandler(gatewayHintSignal, () => void (hints += 1), {
    description: 'The gateway has told something about a charge: ask it again',
  });
  setHandler(holdUpdate, shielded(hold), { validator: assertNew, description: 'Holds the seats' });
  setHandler(payUpdate, shielded(pay), { validator: assertPayable, description: 'Pays the reservation' });
  setHandler(releaseUpdate, shielded(release), {
    validator: assertReleasable,
    description: 'Releases the hold early',
  });

  return shielded(run)();

  async function run(): Promise<ReservationState> {
    await condition(() => phase !== 'NEW' || givenUp, HOLD_ARRIVES_WITHIN);
    if (phase === 'NEW') enter('REFUSED');
    await condition(() => phase !== 'HOLDING');
    await condition(() => isOver(phase) || (phase === 'HELD' && (holdOver || givenUp)));
    if (!isOver(phase)) await end(holdOver ? 'EXPIRED' : 'RELEASED');
    await condition(() => allHandlersFinished() && (payment === null || payment.finished));
    if (giveBacks.count > 0) {
      setCurrentDetails(`${describe(phase, held)} A charge is still to be given back.`);
      await condition(() => giveBacks.count === 0);
      setCurrentDetails(describe(phase, held));
    }
    return currentState();
  }

  async function hold(): Promise<HeldReservation> {
    enter('HOLDING');
    const heldAt = Date.now();
    const request = { ...input, heldAt, expiresAt: heldAt + input.holdSeconds * 1000 };
    try {
      held = await recordHold(request);
    } catch (error) {
      const refusal = refusalOf(error);
      // Where a part failed, the hold may be recorded all the same: it must not outlive this workflow.
      if (!refusal) await abandonHold(request);
      enter('REFUSED');
      throw refusal ?? refuse('temporarily-unavailable', 'The hold could not be recorded; nothing was held.');
    }
    startTimer(held);
    enter('HELD');
    return held;
  }

  /** One timer for the whole reservation: nothing a user does moves the hold's end. */
  function startTimer({ expiresAt }: HeldReservation): void {
    const summary = `The hold ends at ${expiresAt}`;
    void sleep(Math.max(1, Date.parse(expiresAt) - Date.now()), { summary }).then(() => (holdOver = true));
  }

  async function pay(request: PayInput): Promise<PayResult> {
    if (phase === 'SETTLING' && payment) return { paymentId: payment.paymentId, status: 'SETTLING' };
    const attempt = { paymentId: request.paymentId, finished: false };
    payment = attempt;
    payments += 1;
    enter('PAYING');
    const { expiresAt } = asHeld();
    const paid = payReservation(
      { ...input, ...request, expiresAt, requestedAt: Date.now() },
      {
        until: Date.parse(expiresAt) + input.settleSeconds * 1000,
        hints: () => hints,
        onSettling: () => enter('SETTLING'),
        giveBacks,
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
      return { paymentId: request.paymentId, status: 'SETTLING' };
    });
    return Promise.race([paid, settling]);
  }

  async function release(): Promise<void> {
    await end('RELEASED');
  }

  /** Ends the hold once; whoever comes later waits for the same end. */
  async function end(status: 'EXPIRED' | 'RELEASED'): Promise<void> {
    if (phase === 'HELD') {
      // The phase changes first, so that no payment starts while the seats go.
      enter(status);
      const { reservationId, scheduleId } = input;
      ending = endInPostgres({ reservationId, scheduleId, status, endedAt: Date.now() });
    }
    await ending;
  }

  async function endInPostgres(request: EndHoldInput): Promise<void> {
    const ended = await afterLostPayments(request.reservationId, giveBacks, () => endHold(request));
    for (const failed of ended.toGiveBack) giveBacks.start(failed);
    // Paid, and the answer was lost on its way to here: Postgres decides.
    if (ended.status === 'CONFIRMED') enter('CONFIRMED');
  }

  function assertNew(): void {
    if (phase !== 'NEW') throw refuse('seat-unavailable', 'This reservation was made before.');
  }

  function assertPayable(_request: PayInput): void {
    if (phase === 'SETTLING') return;
    if (phase === 'PAYING')
      throw refuse('payment-in-progress', 'Another payment of this reservation is under way.');
    if (phase === 'CONFIRMED') throw refuse('reservation-already-confirmed', 'This reservation is paid.');
    if (phase !== 'HELD' || Date.now() >= Date.parse(asHeld().expiresAt)) {
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
    setCurrentDetails(describe(next, held));
    if (isWorthAnEvent) upsertSearchAttributes([{ key: RESERVATION_STATUS, value: next }]);
  }

  function asHeld(): HeldReservation {
    if (!held) throw new Error('there is no hold');
    return held;
  }

  function currentState(): ReservationState {
    return {
      status: phase === 'NEW' || phase === 'HOLDING' ? 'HELD' : phase,
      expiresAt: held?.expiresAt ?? null,
      paymentId: payment?.paymentId ?? null,
      payments,
    };
  }
}

/** Cancelling asks the workflow to end its hold; it interrupts nothing that has begun. */
function shielded<Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) {
  return async (...args: Args): Promise<Result> =>
    CancellationScope.nonCancellable(async () => work(...args));
}
