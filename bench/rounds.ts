import type { Ceiling } from './ceiling/ceiling';
import { runClosedLoop, type Window } from './closedLoop';
import { purchase, type Purchase } from './purchase';
import type { Customer, Sale, Shop } from './shop';
import { cpuMs, residentMb } from './stack/processes';
import type { Part, Stack } from './stack/stack';

/** Milliseconds of processor time for one reservation. */
export type CpuOf<Name extends string> = Record<Name, number>;

export interface CeilingRound {
  perSecond: number;
  reservations: number;
  cpu: CpuOf<'Temporal' | 'worker and client'>;
}

export interface PurchaseRound {
  perSecond: number;
  reservations: number;
  cpu: CpuOf<Part | 'customers'>;
  purchases: Purchase[];
  /** Highest sums of API and worker, and of each, in MB. */
  memory: Memory;
}

export interface Memory {
  together: number;
  api: number;
  worker: number;
}

const MEMORY_SAMPLE_MS = 250;

export async function runCeiling(ceiling: Ceiling, window: Window): Promise<CeilingRound> {
  const { perSecond, reservations, cpuMs: own, temporalCpuMs } = await ceiling.run(window);
  return {
    perSecond,
    reservations,
    cpu: { Temporal: temporalCpuMs / reservations, 'worker and client': own / reservations },
  };
}

export async function runPurchases(
  { stack, shop, customers }: { stack: Stack; shop: Shop; customers: Customer[] },
  sale: Sale,
  window: Window,
  confirmed: Set<string>,
): Promise<PurchaseRound> {
  const memory = watchMemory(stack);
  const measured = runClosedLoop(
    window,
    async () => {
      // Whoever has waited longest; one customer never does two things at once.
      const customer = customers.shift();
      if (!customer) throw new Error('more users at once than customers');
      const bought = await purchase(shop, sale, customer);
      customers.push(customer);
      confirmed.add(bought.reservationId);
      return bought;
    },
    () => readCpu(stack),
  );
  const { turns, seconds, before, after } = await measured.finally(() => memory.stop());
  return {
    perSecond: turns.length / seconds,
    reservations: turns.length,
    cpu: share(before, after, turns.length),
    purchases: turns,
    memory: memory.highest,
  };
}

function readCpu({ pids }: Stack): CpuOf<Part | 'customers'> {
  const { user, system } = process.cpuUsage();
  return {
    API: cpuMs(pids.API),
    worker: cpuMs(pids.worker),
    Temporal: cpuMs(pids.Temporal),
    Postgres: cpuMs(pids.Postgres),
    Redis: cpuMs(pids.Redis),
    gateway: cpuMs(pids.gateway),
    customers: (user + system) / 1_000,
  };
}

function share<Name extends string>(before: CpuOf<Name>, after: CpuOf<Name>, among: number): CpuOf<Name> {
  const shared = { ...after };
  for (const name in after) shared[name] = (after[name] - before[name]) / among;
  return shared;
}

function watchMemory({ pids }: Stack): { highest: Memory; stop(): void } {
  const highest: Memory = { together: 0, api: 0, worker: 0 };
  const timer = setInterval(() => {
    const api = residentMb(pids.API);
    const worker = residentMb(pids.worker);
    highest.api = Math.max(highest.api, api);
    highest.worker = Math.max(highest.worker, worker);
    highest.together = Math.max(highest.together, api + worker);
  }, MEMORY_SAMPLE_MS);
  return { highest, stop: () => clearInterval(timer) };
}
