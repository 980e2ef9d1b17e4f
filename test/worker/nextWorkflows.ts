import { upsertSearchAttributes } from '@temporalio/workflow';
import * as today from '../../src/workflows';
import type { ReservationInput, ReservationState } from '../../src/contract/reservations';
import { RESERVATION_STATUS } from '../../src/contract/searchAttributes';

/*
 * The workflows of a later version. Its `reservation` cannot replay the history of a reservation of today, because it
 * begins with another command.
 */
export * from '../../src/workflows';

export async function reservation(input: ReservationInput): Promise<ReservationState> {
  upsertSearchAttributes([{ key: RESERVATION_STATUS, value: 'HELD' }]);
  return today.reservation(input);
}

// It declares no behaviour, so it has the default of the worker: PINNED.
