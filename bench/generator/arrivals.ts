import { setTimeout as pause } from 'node:timers/promises';

/**
 * Instants at which people come, in milliseconds from the start: a Poisson process, as strangers do not wait for
 * one another.
 */
export function poissonArrivals(perSecond: number, seconds: number): number[] {
  const instants: number[] = [];
  for (let at = 0; ; instants.push(at)) {
    at += (-Math.log(1 - Math.random()) / perSecond) * 1_000;
    if (at >= seconds * 1_000) return instants;
  }
}

/** The same number of people, spread evenly over a time, in the order in which they come. */
export function uniformArrivals(people: number, withinMs: number): number[] {
  return Array.from({ length: people }, () => Math.random() * withinMs).toSorted((a, b) => a - b);
}

/**
 * An open model: everybody comes at the instant that was fixed in advance, however slow the service is meanwhile.
 * Who measures from `plannedAt` (as `performance.now()` tells time) leaves nothing out.
 *
 * @returns once everybody is done
 */
export async function runArrivals(
  instants: readonly number[],
  arrive: (plannedAt: number, index: number) => Promise<void>,
): Promise<void> {
  const began = performance.now();
  const under: Promise<void>[] = [];
  for (const [index, instant] of instants.entries()) {
    // A timer that is late counts, because latency runs from the plan; one that is early waits again.
    for (let early = began + instant - performance.now(); early > 0;) {
      await pause(early);
      early = began + instant - performance.now();
    }
    under.push(arrive(began + instant, index));
  }
  await Promise.all(under);
}
