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
  const hold = new Hold(input);
  let cancelled = false;
  CancellationScope.current().cancelRequested.catch(() => (cancelled = true));

  setHandler(reservationQuery, () => hold.state, { description: 'Where the reservation stands' });
  setHandler(gatewayHintSignal, () => hold.hint(), {
    description: 'The gateway has a message about a charge: ask it again',
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

/** Cancelling asks the workflow to end its hold; it interrupts nothing that has begun. */
function shielded<Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) {
  return async (...args: Args): Promise<Result> =>
    CancellationScope.nonCancellable(async () => work(...args));
}
