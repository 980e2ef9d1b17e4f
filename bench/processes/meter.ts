import { z } from 'zod';
import { cpuMs } from './cpu';

/** Processes by the name that the report gives them. */
export type Pids = Readonly<Record<string, number>>;

/** Milliseconds of processor time by process. */
export type Cpu = Record<string, number>;

export const sumOf = (cpu: Cpu): number => Object.values(cpu).reduce((sum, ms) => sum + ms, 0);

/** What was done in one window, and what it took. */
export const measuredSchema = z.object({
  operations: z.int(),
  seconds: z.number(),
  /** Of each process in the window, milliseconds. */
  cpuMs: z.record(z.string(), z.number()),
  /** Milliseconds of each operation, by what was done. */
  latencies: z.record(z.string(), z.array(z.number())),
});
export type Measured = z.infer<typeof measuredSchema>;

/** @returns the processor time since then, by process */
export function startMeter(pids: Pids): () => Cpu {
  const read = (): [string, number][] => Object.entries(pids).map(([name, pid]) => [name, cpuMs(pid)]);
  const before = new Map(read());
  return () => Object.fromEntries(read().map(([name, now]) => [name, now - (before.get(name) ?? 0)]));
}

export interface Rate {
  perSecond: number;
  /** Milliseconds of one operation by process. */
  cpuMs: Cpu;
}
