import { Problem } from '../../domain/problems';

/** Why something was not taken: nothing is left at all, or this holder already has its share. */
export type Shortage = 'none-left' | 'share-used';

/** Bounds on something that many hold at once, such as connections or bytes. */
export interface ShareBounds {
  total: number;
  /** For one holder; Infinity if only the total counts. */
  each: number;
}

/** Something that is limited in total and for each holder. */
export interface Shares {
  /**
   * Takes the amount for a holder, or nothing. A holder that has nothing yet gets the amount even if it is more than a
   * share. A share prevents a holder from collecting many things, not from asking for one large thing.
   *
   * @returns undefined if it was taken
   */
  take(holder: string, amount?: number): Shortage | undefined;
  returnShare(holder: string, amount?: number): void;
  /** The sum of all holders. */
  taken(): number;
}

export function createShares({ total, each }: ShareBounds): Shares {
  const held = new Map<string, number>();
  let sum = 0;
  return {
    take(holder, amount = 1) {
      const has = held.get(holder) ?? 0;
      if (sum + amount > total) return 'none-left';
      if (has > 0 && has + amount > each) return 'share-used';
      held.set(holder, has + amount);
      sum += amount;
      return undefined;
    },

    returnShare(holder, amount = 1) {
      const left = (held.get(holder) ?? 0) - amount;
      // A holder without anything leaves no entry, because an attacker has as many addresses as it likes.
      if (left > 0) held.set(holder, left);
      else held.delete(holder);
      sum -= amount;
    },

    taken: () => sum,
  };
}

/** The problem for a client that holds its whole share, or for any client if nothing is left. */
export function shortageProblem(shortage: Shortage, what: string, retryAfter: number): Problem {
  return shortage === 'none-left'
    ? new Problem('temporarily-unavailable', `Too many ${what} at once.`, { retryAfter })
    : new Problem('rate-limited', `Too many ${what} of one client at once.`, { retryAfter });
}
