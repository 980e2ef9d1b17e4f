import type { Window } from '../generator/closedLoop';
import type { Pids } from '../processes/meter';

/** A command to the process of the ceiling: a window of whole reservations, or only starts, one after the other. */
export type CeilingCommand =
  { task: 'reservations'; window: Window; pids: Pids } | { task: 'starts'; starts: number; pids: Pids };

/**
 * `present`: a plain start, and the settings of the service's own worker. `former`: the shape of the reservation until
 * the API granted the hold itself. It is an update-with-start, with the defaults of Temporal's SDK.
 */
export type Shape = 'present' | 'former';

export interface CeilingTarget {
  /** host:port */
  temporalAddress: string;
  taskQueue: string;
  shape: Shape;
}
