import { setTimeout as pause } from 'node:timers/promises';
import { startMeter, type Measured, type Pids } from '../processes/meter';

export interface Window {
  /** The number of users at once. Each begins its next turn when the previous one has ended. */
  users: number;
  /** Not measured: caches fill, and all users start. */
  rampMs: number;
  measuredMs: number;
}

/**
 * Runs the turns of many users in parallel and measures a window of that time. Returns after the last turn has ended.
 * It finds the maximum throughput. To measure waiting times, use arrivals that do not wait.
 *
 * @throws the first failure of a turn
 */
export async function runClosedLoop(
  { users, rampMs, measuredMs }: Window,
  turn: () => Promise<unknown>,
  pids: Pids,
): Promise<Measured> {
  let ended = 0;
  const over = new AbortController();
  const user = async (): Promise<void> => {
    while (!over.signal.aborted) {
      // A closed loop: one turn after the other.
      await turn();
      ended += 1;
    }
  };
  const measure = async (): Promise<Measured> => {
    await pause(rampMs);
    const readMeter = startMeter(pids);
    const endedBefore = ended;
    const began = performance.now();
    await pause(measuredMs);
    // If the machine stalls, the window lasts until at least one operation has ended in it.
    // oxlint-disable-next-line eslint/no-unmodified-loop-condition -- the users' turns count up
    while (ended === endedBefore && !over.signal.aborted) await pause(measuredMs / 10);
    const seconds = (performance.now() - began) / 1_000;
    const operations = ended - endedBefore;
    const cpuMs = readMeter();
    over.abort();
    return { operations, seconds, cpuMs, latencies: {} };
  };
  const all = Promise.all(Array.from({ length: users }, user)).finally(() => over.abort());
  const [measured] = await Promise.all([measure(), all]);
  return measured;
}
