/** The whole hours before and after the start of a show in which staff may check in. */
export interface CheckInHours {
  before: number;
  after: number;
}

const HOUR_MS = 60 * 60 * 1000;

/** The first instant at which staff may check in for a show, and the first instant after that at which they may not. */
export function checkInWindow(
  startsAt: Date,
  { before, after }: CheckInHours,
): { opensAt: Date; closesAt: Date } {
  const start = startsAt.getTime();
  return { opensAt: new Date(start - before * HOUR_MS), closesAt: new Date(start + after * HOUR_MS) };
}
