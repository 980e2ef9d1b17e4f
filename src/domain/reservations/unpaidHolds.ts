/** A seat of a hold that ended without a purchase. */
export interface UnpaidHold {
  seatId: string;
  heldAt: Date;
  /** When the hold would have expired. */
  expiresAt: Date;
  endedAt: Date;
}

/**
 * The number of whole holds without a purchase that are free. A hold that ran to its end is a whole one. A hold that
 * was released counts by its time, but at least {@link LEAST_SHARE}.
 */
export interface HoldAllowance {
  /** For one seat and one account. */
  ofSeat: number;
  /** For all seats of a schedule and one account. Two seats for the whole time are two holds. */
  ofSchedule: number;
  /** For one seat and all users at one address. */
  ofAddress: number;
}

/** Ten holds that are released immediately cost as much as one hold that blocks the seat for its whole time. */
const LEAST_SHARE = 0.1;

/** Holds that began earlier are forgotten. */
export const MEMORY_MS = 24 * 60 * 60 * 1_000;

/** The maximum pause, however many holds there were. */
export const LONGEST_PAUSE_MS = 60 * 60 * 1_000;

/** The weight of a hold, from {@link LEAST_SHARE} to 1. */
export function shareOf({ heldAt, expiresAt, endedAt }: Omit<UnpaidHold, 'seatId'>): number {
  const whole = expiresAt.getTime() - heldAt.getTime();
  return Math.min(1, Math.max(LEAST_SHARE, (endedAt.getTime() - heldAt.getTime()) / whole));
}

/**
 * How long the next hold has to wait, in milliseconds. 0 if it may begin. Each hold beyond the free ones makes the
 * pause longer, by the time for which it kept the seat. So other clients can get the seat for longer and longer.
 *
 * @param past.holds whole holds, as {@link shareOf} counts them
 * @param past.sinceMs the time since the last hold ended; negative if its time is not over, for example after a
 *   purchase
 * @param holdMs the length of a hold
 */
export function waitMs(past: { holds: number; sinceMs: number }, allowed: number, holdMs: number): number {
  if (past.holds <= allowed) return 0;
  const pause = Math.min(LONGEST_PAUSE_MS, (past.holds - allowed) * holdMs);
  return Math.max(0, pause - past.sinceMs);
}

/** A wait before the next hold. */
export interface Wait {
  ms: number;
  /** The seats that must wait. null: all seats of the schedule. */
  seatIds: string[] | null;
}

/**
 * How long an account has to wait before it may hold seats.
 *
 * @param unpaid the seats of the schedule that it has held since its last purchase there
 * @returns null if it may hold them now
 */
export function waitOfAccount(
  unpaid: readonly UnpaidHold[],
  seatIds: readonly string[],
  { allowance, holdMs, now }: { allowance: HoldAllowance; holdMs: number; now: Date },
): Wait | null {
  const waitAfter = (ended: readonly UnpaidHold[], allowed: number): number => {
    const holds = ended.reduce((sum, hold) => sum + shareOf(hold), 0);
    const lastEnd = Math.max(...ended.map(({ endedAt }) => endedAt.getTime()));
    return waitMs({ holds, sinceMs: now.getTime() - lastEnd }, allowed, holdMs);
  };
  const ofSchedule = waitAfter(unpaid, allowance.ofSchedule);
  if (ofSchedule > 0) return { ms: ofSchedule, seatIds: null };
  const waits = seatIds.map((seatId) => ({
    seatId,
    ms: waitAfter(
      unpaid.filter((hold) => hold.seatId === seatId),
      allowance.ofSeat,
    ),
  }));
  return longest(waits);
}

/** @returns null if no seat has to wait */
export function longest(waits: readonly { seatId: string; ms: number }[]): Wait | null {
  const limited = waits.filter(({ ms }) => ms > 0);
  if (limited.length === 0) return null;
  return {
    ms: Math.max(...limited.map(({ ms }) => ms)),
    seatIds: limited.map(({ seatId }) => seatId),
  };
}
