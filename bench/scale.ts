/** The size of a run: the full size, or just enough to see that everything works. */
export interface Scale {
  rounds: number;
  /**
   * The number of users at once in a closed loop. With fewer, the machine is idle. With more, users only wait longer.
   */
  users: number;
  /** More than the users, as in a real sale. Each may have 100 seats of a schedule. */
  customers: number;
  /**
   * The time before the first round. After it, compiled code and caches are like those of a service that has run for
   * a while.
   */
  warmUpMs: number;
  rampMs: number;
  /** A window of reservations. */
  measuredMs: number;
  /** A window of plain requests. */
  requestSeconds: number;
  connections: number;
  /** Single holds in a round, for the service and for the ceiling. */
  singleHolds: number;
  /** The number of users who poll a waiting room. */
  waiting: number;
  sale: { seats: number; buyers: number; bots: number; arriveWithinMs: number; atMostSeconds: number };
  /** The small case. The large case has ten times as much of each. */
  growth: { seats: number; users: number; reservations: number };
  /** The numbers of reservations after which memory is compared. */
  memory: { first: number; last: number; atMostSeconds: number };
}

export const FULL: Scale = {
  rounds: 3,
  users: 40,
  customers: 160,
  warmUpMs: 8_000,
  rampMs: 2_000,
  measuredMs: 10_000,
  requestSeconds: 5,
  connections: 40,
  singleHolds: 40,
  waiting: 2_000,
  sale: { seats: 2_000, buyers: 20_000, bots: 50, arriveWithinMs: 10_000, atMostSeconds: 300 },
  growth: { seats: 2_500, users: 1_000, reservations: 5_000 },
  memory: { first: 5_000, last: 50_000, atMostSeconds: 2_400 },
};

/** CI runs this size. The figures mean nothing; everything else is checked. */
export const QUICK: Scale = {
  rounds: 1,
  users: 8,
  customers: 60,
  warmUpMs: 300,
  rampMs: 300,
  measuredMs: 1_500,
  requestSeconds: 1,
  connections: 8,
  singleHolds: 5,
  waiting: 50,
  sale: { seats: 100, buyers: 1_000, bots: 5, arriveWithinMs: 3_000, atMostSeconds: 60 },
  growth: { seats: 200, users: 60, reservations: 200 },
  memory: { first: 20, last: 60, atMostSeconds: 30 },
};
