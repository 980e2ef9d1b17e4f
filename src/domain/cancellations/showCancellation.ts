/** What an operator may change while the refunds of a cancelled show are under way. */
export interface ShowCancellationSettings {
  paused: boolean;
  /** At most so many cancellations of reservations are begun in any second. */
  refundsPerSecond: number;
}

/**
 * Unless the operator says otherwise. 20,000 reservations take some 40 minutes, and the gateway, of which Stripe
 * takes 100 calls a second, stays free for what is sold meanwhile.
 */
export const DEFAULT_REFUNDS_PER_SECOND = 10;

export const MAX_REFUNDS_PER_SECOND = 100;

/**
 * How far the refunds of a show are, in reservations. `reservations` are those that were ever sold; each of them
 * is refunded, refunding, failing or still to do.
 */
export interface ShowCounts {
  reservations: number;
  refunded: number;
  /** Cancelled, and the gateway has not given the card's part back yet. */
  refunding: number;
  /** As `refunding`, and the last try failed; it is tried again. */
  failing: number;
  toDo: number;
  /** Of `reservations`: cancelled by the customer before the show was, by the policy, and left as that was. */
  cancelledByCustomer: number;
  /** Held, or a payment under way; not in `reservations`. */
  openHolds: number;
}

/** Nothing is left to do, and nothing can come: the sale is closed. */
export function isRefunded({ openHolds, toDo, refunding, failing }: ShowCounts): boolean {
  return openHolds + toDo + refunding + failing === 0;
}
