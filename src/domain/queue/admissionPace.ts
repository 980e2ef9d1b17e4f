/*
 * How fast a waiting room lets people in: additive increase, multiplicative decrease, as TCP avoids congestion. Of
 * the simple rules it is the one that converges to a fair and efficient share whatever the capacity is (Chiu and
 * Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance in Computer Networks", 1989).
 */

/** What the system did over the last seconds. */
export interface PaceSignals {
  /** Null where there were none: nothing was slow then. */
  holds: {
    perSecond: number;
    /** On average, those under way included. */
    milliseconds: number;
    /** Of those that came to an end, the share that the service could not decide: 503. */
    failedShare: number;
  } | null;
  /** Age of the oldest workflow task that no worker has taken; null where Temporal did not tell. */
  backlogSeconds: number | null;
  /** People in line. */
  waiting: number;
}

/** Places a second. */
export interface PaceBounds {
  least: number;
  /** Null: without a limit while the system is healthy. */
  most: number | null;
}

/**
 * - `full-speed`: as fast as the operator allows.
 * - `rising`: healthy, and on the way there.
 * - `steady`: neither healthy enough to rise nor slow.
 * - the others: falling, and why.
 */
export const PACE_REASONS = [
  'full-speed',
  'rising',
  'steady',
  'holds-slow',
  'holds-failing',
  'backlog',
] as const;
export type PaceReason = (typeof PACE_REASONS)[number];

export interface Pace {
  /** Places a second; null: without a limit. */
  rate: number | null;
  reason: PaceReason;
}

/**
 * A hold takes some 20 to 50 ms. Where more are let in than the system can do at once, they queue: up to a second is
 * a busy system well used, and two are a fifth of the time after which a hold is given up.
 */
const HOLD_MS = { good: 1_000, slow: 2_000 };

/** Temporal advises to watch for a fifth of a second; a backlog of a burst is gone within one. */
const BACKLOG_SECONDS = { good: 1, slow: 2 };

/** A few failures are a restart somewhere; a tenth is an outage. */
const FAILED_SHARE = 0.1;

/**
 * The most that a step takes away. A system that is only a little too slow is slowed down only a little: steps come
 * every second, the signals are those of five, and who was let in keeps coming meanwhile. From the bound to a tenth
 * of it in seven steps.
 */
const DECREASE = 0.7;

/** From nothing to the bound in twenty steps. */
const INCREASE = 1 / 20;

/** The pace of the next second. */
export function nextPace(current: number | null, signals: PaceSignals, bounds: PaceBounds): Pace {
  const { least, most } = bounds;
  const now = current ?? most;
  const trouble = most === null ? outageOf(signals) : troubleOf(signals);
  if (trouble) {
    // A room without a limit gets one from what the system still gets done: each who is let in holds about once.
    const from = now ?? signals.holds?.perSecond ?? least;
    return { rate: clamp(from * trouble.factor, bounds), reason: trouble.reason };
  }
  if (now === null) return { rate: null, reason: 'full-speed' };
  if (most === null) {
    // A limit that keeps nobody waiting is none.
    if (signals.waiting === 0) return { rate: null, reason: 'full-speed' };
    return { rate: now + Math.max(least, (signals.holds?.perSecond ?? 0) * INCREASE), reason: 'rising' };
  }
  if (!isGood(signals)) return { rate: clamp(now, bounds), reason: 'steady' };
  const rate = clamp(now + most * INCREASE, bounds);
  return { rate, reason: rate === most ? 'full-speed' : 'rising' };
}

interface Trouble {
  reason: PaceReason;
  /** Of the rate, how much is left. */
  factor: number;
}

/** Where no operator has set a rate, nobody waits for the sake of speed: only while the service fails people. */
function outageOf({ holds }: PaceSignals): Trouble | null {
  if (!holds || holds.failedShare <= FAILED_SHARE) return null;
  return { reason: 'holds-failing', factor: DECREASE };
}

function troubleOf(signals: PaceSignals): Trouble | null {
  return (
    outageOf(signals) ??
    excessOf('holds-slow', signals.holds?.milliseconds ?? null, HOLD_MS.slow) ??
    excessOf('backlog', signals.backlogSeconds, BACKLOG_SECONDS.slow)
  );
}

/** The rate falls in the proportion in which a signal is beyond its limit. */
function excessOf(reason: PaceReason, value: number | null, limit: number): Trouble | null {
  if (value === null || value <= limit) return null;
  return { reason, factor: Math.max(DECREASE, limit / value) };
}

function isGood({ holds, backlogSeconds }: PaceSignals): boolean {
  return (holds?.milliseconds ?? 0) <= HOLD_MS.good && (backlogSeconds ?? 0) <= BACKLOG_SECONDS.good;
}

function clamp(rate: number, { least, most }: PaceBounds): number {
  return Math.max(least, Math.min(rate, most ?? Infinity));
}
