import { setTimeout as pause } from 'node:timers/promises';
import { startMeter, type Measured, type Pids } from '../processes/meter';

export interface Window {
  /** At once; each begins its next turn when the one before has ended. */
  users: number;
  /** Not measured: caches fill and all users are on their way. */
  rampMs: number;
  measuredMs: number;
}

/**
 * Runs turns of many users side by side and measures a window inside. Returns after the last turn has ended.
 * What it finds is how much can be done; how long one waits is a question for arrivals that do not wait.
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
    // On a machine that stands still a window lasts until something has been done in it.
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
