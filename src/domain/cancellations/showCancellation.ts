/** The settings that an operator may change while the refunds of a cancelled show are under way. */
export interface ShowCancellationSettings {
  paused: boolean;
  /** The maximum number of reservations whose cancellation starts in any second. */
  refundsPerSecond: number;
}

/**
 * The default, which an operator can change. 20,000 reservations take about 40 minutes. The gateway keeps capacity for
 * other sales meanwhile: Stripe, for example, accepts 100 calls a second.
 */
export const DEFAULT_REFUNDS_PER_SECOND = 10;

export const MAX_REFUNDS_PER_SECOND = 100;

/**
 * The progress of the refunds of a show, counted in reservations. `reservations` are all that were ever sold. Each of
 * them is refunded, refunding, failing or still to do.
 */
export interface ShowCounts {
  reservations: number;
  refunded: number;
  /** Cancelled, but the gateway has not refunded the card part yet. */
  refunding: number;
  /** Like `refunding`, but the last try failed. The service tries again. */
  failing: number;
  toDo: number;
  /**
   * Part of `reservations`: the customer cancelled under the policy before the show was cancelled. These keep their
   * terms.
   */
  cancelledByCustomer: number;
  /** Held, or with a payment under way. Not part of `reservations`. */
  openHolds: number;
}

/** Nothing is left to do. Nothing new can come, because the sale is closed. */
export function isRefunded({ openHolds, toDo, refunding, failing }: ShowCounts): boolean {
  return openHolds + toDo + refunding + failing === 0;
}
