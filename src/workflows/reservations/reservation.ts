import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
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
import { Hold } from './hold';

export const payUpdate = defineUpdate<PayResult, [PayInput]>(PAY_UPDATE);
export const releaseUpdate = defineUpdate(RELEASE_UPDATE);
export const gatewayHintSignal = defineSignal(GATEWAY_HINT_SIGNAL);
export const reservationQuery = defineQuery<ReservationState>(RESERVATION_QUERY);

/**
 * One reservation, from the hold to its end. The API starts the workflow just before it grants the hold in Postgres, so
 * that no hold is ever without a workflow. Only the workflow pays, releases or expires the hold. Postgres decides who
 * owns the seats, and its rows are the read model of this workflow.
 *
 * - If the reservation is not paid when the timer fires, the hold expires. If Postgres has no hold, the workflow
 *   ends and does nothing. That happens if Postgres refused the hold, or if the API died before it granted it.
 * - A `pay` that is accepted before the end of the hold may finish: the timer takes no seats from a payment.
 * - A charge whose outcome is unknown keeps the seats until `settleSeconds` after the hold, and not longer. The
 *   workflow continues until the outcome is known, and refunds any charge that bought nothing.
 * - `release`, or a cancellation by the API or an operator, ends a hold early.
 */
export async function reservation(input: ReservationInput): Promise<ReservationState> {
  const hold = new Hold(input);
  let cancelled = false;
  CancellationScope.current().cancelRequested.catch(() => (cancelled = true));

  setHandler(reservationQuery, () => hold.state, { description: 'The current state of the reservation' });
  setHandler(gatewayHintSignal, () => hold.hint(), {
    description: 'The gateway has sent a message about a charge: ask the gateway again',
  });
  setHandler(
    payUpdate,
    shielded((payment: PayInput) => hold.pay(payment)),
    { validator: (payment: PayInput) => hold.assertPayable(payment), description: 'Pays the reservation' },
  );
  setHandler(
    releaseUpdate,
    shielded(() => hold.end('RELEASED')),
    { validator: () => hold.assertReleasable(), description: 'Releases the hold early' },
  );

  const run = async (): Promise<ReservationState> => {
    hold.startTimer();
    while (!hold.isOver) {
      await condition(() => hold.isOver || hold.hasRunOut || (hold.isFree && cancelled));
      if (!hold.isOver) await hold.end(hold.hasRunOut ? 'EXPIRED' : 'RELEASED');
    }
    await hold.settle();
    return hold.state;
  };
  return shielded(run)();
}

/** A cancellation asks the workflow to end its hold. It interrupts nothing that has begun. */
function shielded<Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) {
  return async (...args: Args): Promise<Result> =>
    CancellationScope.nonCancellable(async () => work(...args));
}
