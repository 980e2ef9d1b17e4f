import { setTimeout as pause } from 'node:timers/promises';

export interface Window {
  /** At once; each begins its next turn when the one before has ended. */
  users: number;
  /** Not measured: caches fill and all users are on their way. */
  rampMs: number;
  measuredMs: number;
}

export interface Measured<Turn, Meter> {
  /** The turns that ended inside the window. */
  turns: Turn[];
  seconds: number;
  before: Meter;
  after: Meter;
}

/**
 * Runs turns of many users side by side and measures a window inside. Returns after the last turn has ended.
 *
 * @param meter read at both ends of the window
 * @throws the first failure of a turn
 */
export async function runClosedLoop<Turn, Meter>(
  { users, rampMs, measuredMs }: Window,
  turn: () => Promise<Turn>,
  meter: () => Meter | Promise<Meter>,
): Promise<Measured<Turn, Meter>> {
  let turns: Turn[] = [];
  const ended = new AbortController();
  const user = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      // A closed loop: one turn after the other.
      turns.push(await turn());
    }
  };
  const all = Promise.all(Array.from({ length: users }, user)).finally(() => ended.abort());
  const measure = async (): Promise<Measured<Turn, Meter>> => {
    await pause(rampMs);
    const before = await meter();
    turns = [];
    const began = performance.now();
    await pause(measuredMs);
    const seconds = (performance.now() - began) / 1_000;
    const counted = turns;
    turns = [];
    const after = await meter();
    ended.abort();
    return { turns: counted, seconds, before, after };
  };
  const [measured] = await Promise.all([measure(), all]);
  return measured;
}
