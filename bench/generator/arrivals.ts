import { setTimeout as pause } from 'node:timers/promises';

/**
 * The instants at which people arrive, in milliseconds from the start. A Poisson process, because people who do not
 * know each other arrive independently.
 */
export function poissonArrivals(perSecond: number, seconds: number): number[] {
  const instants: number[] = [];
  for (let at = 0; ; instants.push(at)) {
    at += (-Math.log(1 - Math.random()) / perSecond) * 1_000;
    if (at >= seconds * 1_000) return instants;
  }
}

/** A fixed number of people, spread evenly over a time, in the order of their arrival. */
export function uniformArrivals(people: number, withinMs: number): number[] {
  return Array.from({ length: people }, () => Math.random() * withinMs).toSorted((a, b) => a - b);
}

/**
 * An open model: every person arrives at an instant that was fixed in advance, even if the service is slow at that
 * time. To leave no waiting time out, measure from `plannedAt` (on the clock of `performance.now()`).
 *
 * @returns once every person has finished
 */
export async function runArrivals(
  instants: readonly number[],
  arrive: (plannedAt: number, index: number) => Promise<void>,
): Promise<void> {
  const began = performance.now();
  const under: Promise<void>[] = [];
  for (const [index, instant] of instants.entries()) {
    // A late timer counts, because the latency starts at the planned instant. After an early timer, the loop waits
    // again.
    for (let early = began + instant - performance.now(); early > 0;) {
      await pause(early);
      early = began + instant - performance.now();
    }
    under.push(arrive(began + instant, index));
  }
  await Promise.all(under);
}
