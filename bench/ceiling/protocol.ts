import type { Window } from '../closedLoop';

/** To the ceiling's process: run one window. */
export type CeilingCommand = Window;

/** From it, once its worker polls, and after each window. */
export type CeilingMessage =
  | { kind: 'ready' }
  | {
      kind: 'result';
      perSecond: number;
      /** In the window. */
      reservations: number;
      /** Milliseconds of processor time that the process itself spent in the window. */
      cpuMs: number;
      /** The same of the Temporal server. */
      temporalCpuMs: number;
    };

export interface CeilingTarget {
  /** host:port */
  temporalAddress: string;
  taskQueue: string;
  temporalPid: number;
}
