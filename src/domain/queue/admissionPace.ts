/*
 * How fast a waiting room admits clients: additive increase, multiplicative decrease, as TCP avoids congestion. Of the
 * simple rules, only this one converges to a fair and efficient share for every capacity (Chiu and Jain, "Analysis of
 * the Increase and Decrease Algorithms for Congestion Avoidance in Computer Networks", 1989).
 */

/** Measurements of the system over the last seconds. */
export interface PaceSignals {
  /** Null if there were no holds. Then nothing was slow. */
  holds: {
    perSecond: number;
    /** The average, including holds that are under way. */
    milliseconds: number;
    /** The share of ended holds that the service could not decide (503). */
    failedShare: number;
  } | null;
  /** The age of the oldest workflow task that no worker has taken. Null if Temporal did not report it. */
  backlogSeconds: number | null;
  /** The number of clients in line. */
  waiting: number;
}

/** Places a second. */
export interface PaceBounds {
  least: number;
  /** Null: no limit while the system is healthy. */
  most: number | null;
}

/**
 * - `full-speed`: as fast as the operator allows.
 * - `rising`: the system is healthy, and the pace increases to full speed.
 * - `steady`: the system is not healthy enough to increase the pace, and not slow enough to decrease it.
 * - the others: the pace decreases, and the name gives the cause.
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
  /** Places a second. null: no limit. */
  rate: number | null;
  reason: PaceReason;
}

/**
 * A hold takes about 20 to 50 ms. If more clients are admitted than the system can serve at once, their requests queue.
 * Up to one second means a busy system in good use. Two seconds are a fifth of the time after which a hold is given up.
 */
const HOLD_MS = { good: 1_000, slow: 2_000 };

/** Temporal advises to watch for a fifth of a second. The backlog of a burst is gone within one second. */
const BACKLOG_SECONDS = { good: 1, slow: 2 };

/** A few failures mean that some process restarts. A tenth means an outage. */
const FAILED_SHARE = 0.1;

/**
 * The largest decrease of one step. If the system is only a little too slow, the pace decreases only a little. Steps
 * come every second, the signals cover five seconds, and admitted clients keep coming meanwhile. Seven steps lead from
 * the bound to a tenth of it.
 */
const DECREASE = 0.7;

/** Twenty steps lead from zero to the bound. */
const INCREASE = 1 / 20;

/** Returns the pace for the next second. */
export function nextPace(current: number | null, signals: PaceSignals, bounds: PaceBounds): Pace {
  const { least, most } = bounds;
  const now = current ?? most;
  const trouble = most === null ? outageOf(signals) : troubleOf(signals);
  if (trouble) {
    // A room without a limit gets one from the current throughput: each admitted client holds seats about once.
    const from = now ?? signals.holds?.perSecond ?? least;
    return { rate: clamp(from * trouble.factor, bounds), reason: trouble.reason };
  }
  if (now === null) return { rate: null, reason: 'full-speed' };
  if (most === null) {
    // If no client waits, the limit has no effect.
    if (signals.waiting === 0) return { rate: null, reason: 'full-speed' };
    return { rate: now + Math.max(least, (signals.holds?.perSecond ?? 0) * INCREASE), reason: 'rising' };
  }
  if (!isGood(signals)) return { rate: clamp(now, bounds), reason: 'steady' };
  const rate = clamp(now + most * INCREASE, bounds);
  return { rate, reason: rate === most ? 'full-speed' : 'rising' };
}

interface Trouble {
  reason: PaceReason;
  /** The factor by which the rate is multiplied. */
  factor: number;
}

/** If no operator has set a rate, clients wait only while the service fails requests, not because it is slow. */
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

/** The rate decreases in the same proportion in which a signal exceeds its limit. */
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
