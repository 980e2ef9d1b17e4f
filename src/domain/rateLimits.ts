interface RateLimitPolicy {
  /** Requests in any stretch of `windowSeconds`. */
  quota: number;
  windowSeconds: number;
  /** What is counted by: the client's address, or the logged-in user. */
  by: 'address' | 'user';
  /** Another policy of the same user that refuses too, without counting this request. */
  heeds?: string;
}

/**
 * Every rate limit of the service, before `RATE_LIMIT_FACTOR`. Who is not logged in is counted by address, with room
 * for the many who share one at the opening of a sale; who is, by user. The numbers are several times what a page
 * in a browser asks for, so that they stop programs (OWASP API4:2023). Tries for one account are delayed besides
 * (OWASP API2:2023, `src/api/accounts/loginPace.ts`).
 *
 * Holding and paying are the flows that bots are after (OWASP API6:2023). A try before one's turn is counted as
 * `waiting`; past its limit every such request is refused before its tokens are looked at, and mostly without
 * asking Redis. Its window is short, because somebody's turn may come meanwhile.
 */
export const RATE_LIMITS = {
  'per-address': { quota: 3_000, windowSeconds: 60, by: 'address' },
  'per-user': { quota: 600, windowSeconds: 60, by: 'user' },
  'sign-up': { quota: 200, windowSeconds: 600, by: 'address' },
  'login-address': { quota: 300, windowSeconds: 300, by: 'address' },
  // Shared addresses again: a page asks for its map every second or two.
  'seat-map': { quota: 6_000, windowSeconds: 60, by: 'address' },
  // The server asks for a poll every second at the most often, and a user may have two tabs.
  'queue-poll': { quota: 240, windowSeconds: 60, by: 'user' },
  admitted: { quota: 120, windowSeconds: 60, by: 'user', heeds: 'waiting' },
  waiting: { quota: 5, windowSeconds: 10, by: 'user' },
  // Whoever tries stolen cards learns from each refusal which one works. People have few cards; many share an address.
  'failed-cards': { quota: 20, windowSeconds: 3_600, by: 'user' },
  'failed-cards-address': { quota: 100, windowSeconds: 3_600, by: 'address' },
  // A gate with a fast scanner, and its repeats.
  'check-in': { quota: 1_200, windowSeconds: 60, by: 'user' },
  // A gateway sends some five messages for each payment, from a few addresses, and sends again what was refused.
  webhook: { quota: 6_000, windowSeconds: 60, by: 'address' },
  // A page costs some 50 to 100 ms of processor, and people have a few tickets each to print.
  'ticket-paper': { quota: 30, windowSeconds: 60, by: 'user' },
} as const satisfies Record<string, RateLimitPolicy>;

export type RateLimitName = keyof typeof RATE_LIMITS;
