import type { Knex } from 'knex';
import type { Reply } from '../../e2e/reply';

/** The price of a seat with its fee is more than these points, so the card pays the rest. */
export const POINTS = 20_000;
/** The points that each buyer has at first. */
export const BALANCE = 100_000;
/** The seats that one user may have. */
export const LIMIT = 2;
export const SEATS = 5;

export interface Buyer {
  userId: string;
  hold(seatIds: readonly string[], attempt: { key: string }): Promise<Reply>;
  pay(reservationId: string, payment: { key: string; points: number }): Promise<Reply>;
}

/** A service in which a crowd buys: the naive one, or Holdfast. */
export interface Shop {
  /** The owner of its database. */
  owner: Knex;
  /** {@link SEATS} seats of one show. */
  seatIds: readonly string[];
  /** A new buyer with {@link BALANCE} points. */
  buyer(): Promise<Buyer>;
  /** Kills the process that makes payments. */
  kill(): Promise<void>;
  /** Starts this process again. */
  start(): Promise<void>;
}
