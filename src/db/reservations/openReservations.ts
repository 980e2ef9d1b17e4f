import { OPEN_STATUSES } from '../../domain/reservations/reservationStates';

/**
 * The open statuses, for `status IN (…)`. Postgres uses the index `open_reservations` only if a statement names them,
 * and not if they are parameters.
 */
export const OPEN_LIST = OPEN_STATUSES.map((status) => `'${status}'`).join(', ');
