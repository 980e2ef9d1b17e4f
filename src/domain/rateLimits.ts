interface RateLimitPolicy {
  /** Requests in any period of `windowSeconds`. */
  quota: number;
  windowSeconds: number;
  /** The key of the count: the client's address, or the logged-in user. */
  by: 'address' | 'user';
  /** Another policy of the same user. If it rejects, this one rejects too. This request does not count for it. */
  heeds?: string;
}

/**
 * Bots attack the flows of holding and paying (OWASP API6:2023). If a client tries before its turn, the request counts
 * as `waiting`. Past that limit, the API rejects every hold and payment of the user before it checks the tokens, and
 * mostly without asking Redis. The window is short, because the user's turn may come meanwhile.
 */
export const RATE_LIMITS = {
  'per-address': { quota: 3_000, windowSeconds: 60, by: 'address' },
  'per-user': { quota: 600, windowSeconds: 60, by: 'user' },
  'sign-up': { quota: 200, windowSeconds: 600, by: 'address' },
  'login-address': { quota: 300, windowSeconds: 300, by: 'address' },
  // Clients may share an address, and a page requests its map every second or two.
  'seat-map': { quota: 6_000, windowSeconds: 60, by: 'address' },
  // The server asks for a poll at most once a second, and a user may have two tabs.
  'queue-poll': { quota: 240, windowSeconds: 60, by: 'user' },
  admitted: { quota: 120, windowSeconds: 60, by: 'user', heeds: 'waiting' },
  waiting: { quota: 5, windowSeconds: 10, by: 'user' },
  // An attacker that tries stolen cards learns from each decline which card works. A user has few cards. Many users
  // share an address.
  'failed-cards': { quota: 20, windowSeconds: 3_600, by: 'user' },
  'failed-cards-address': { quota: 100, windowSeconds: 3_600, by: 'address' },
  // Enough for a gate with a fast scanner, and its repeats.
  'check-in': { quota: 1_200, windowSeconds: 60, by: 'user' },
  // A gateway sends about five messages for each payment from a few addresses. It sends rejected messages again.
  webhook: { quota: 6_000, windowSeconds: 60, by: 'address' },
  // A page takes about 50 to 100 ms of CPU time, and a user has only a few tickets to print.
  'ticket-paper': { quota: 30, windowSeconds: 60, by: 'user' },
} as const satisfies Record<string, RateLimitPolicy>;

export type RateLimitName = keyof typeof RATE_LIMITS;
