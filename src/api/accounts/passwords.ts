import { availableParallelism } from 'node:os';
import { hash, hashRaw, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { Problem } from '../../domain/problems';

/** argon2id, the default variant of the library, with m = 19,456 KiB, t = 2, p = 1 (OWASP Password Storage). */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * The number of hashes at the same time. They run on libuv's four threads, which also sign and verify tokens. So hashes
 * use at most half of the threads, and never more threads than there are processors.
 */
const AT_ONCE = Math.min(2, availableParallelism());

/**
 * The number of hashes that may wait. Each takes about 25 ms. A client that would wait longer than about 3 s gets a 503
 * with `Retry-After` instead.
 */
const WAITING = 200;

export interface Passwords {
  /** @throws {Problem} temporarily-unavailable if too many wait */
  hash(password: string): Promise<string>;
  /**
   * Null stands for an account that does not exist. The check then takes as long, and returns false.
   *
   * @throws {Problem} temporarily-unavailable if too many wait
   */
  verify(passwordHash: string | null, password: string): Promise<boolean>;
  /**
   * Derives 32 bytes from a text that contains a password. Guessing the text costs as much as guessing the password
   * from its hash.
   *
   * @throws {Problem} temporarily-unavailable if too many wait
   */
  stretch(text: string, salt: Buffer): Promise<Buffer>;
}

export function createPasswords(): Passwords {
  const limit = pLimit(AT_ONCE);
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.pendingCount < WAITING) return limit(work);
    throw new Problem('temporarily-unavailable', 'Too many people log in at the moment.', { retryAfter: 5 });
  };
  return {
    hash: async (password) => run(async () => hash(normalise(password), COST)),
    async verify(passwordHash, password) {
      const matches = await run(async () => verify(passwordHash ?? NOBODY, normalise(password)));
      return passwordHash !== null && matches;
    },
    stretch: async (text, salt) => run(async () => hashRaw(text, { ...COST, salt, outputLen: 32 })),
  };
}

/** The hash of random bytes that were not kept. It has the cost above. */
const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$un2ivVxPbyjGWZiwt/MD0g$aT4miunBhyQ5CvbDmo/3wTmK8m8qz0KjvQsusLhu0oU';

/** The same password gives the same bytes from any keyboard (NIST SP 800-63B, 3.1.1.2). */
function normalise(password: string): string {
  return password.normalize('NFKC');
}
