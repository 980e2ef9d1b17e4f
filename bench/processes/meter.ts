import { z } from 'zod';
import { cpuMs } from './cpu';

/** Processes by their names in the report. */
export type Pids = Readonly<Record<string, number>>;

/** Milliseconds of processor time by process. */
export type Cpu = Record<string, number>;

export const sumOf = (cpu: Cpu): number => Object.values(cpu).reduce((sum, ms) => sum + ms, 0);

/** What was done in one window, and what it cost. */
export const measuredSchema = z.object({
  operations: z.int(),
  seconds: z.number(),
  /** Milliseconds of each process in the window. */
  cpuMs: z.record(z.string(), z.number()),
  /** Milliseconds of each operation, by the name of the operation. */
  latencies: z.record(z.string(), z.array(z.number())),
});
export type Measured = z.infer<typeof measuredSchema>;

/** @returns the processor time since the call, by process */
export function startMeter(pids: Pids): () => Cpu {
  const read = (): [string, number][] => Object.entries(pids).map(([name, pid]) => [name, cpuMs(pid)]);
  const before = new Map(read());
  return () => Object.fromEntries(read().map(([name, now]) => [name, now - (before.get(name) ?? 0)]));
}

export interface Rate {
  perSecond: number;
  /** Milliseconds of one operation, by process. */
  cpuMs: Cpu;
}
