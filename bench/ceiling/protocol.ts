import type { Window } from '../generator/closedLoop';
import type { Pids } from '../processes/meter';

/** A command to the process of the ceiling: a window of whole reservations, or only holds, one after the other. */
export type CeilingCommand =
  { task: 'reservations'; window: Window; pids: Pids } | { task: 'holds'; holds: number; pids: Pids };

export interface CeilingTarget {
  /** host:port */
  temporalAddress: string;
  taskQueue: string;
}
