import { availableParallelism } from 'node:os';
import { hash, hashRaw, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { Problem } from '../../domain/problems';

/** argon2id with m = 19,456 KiB, t = 2, p = 1 (OWASP Password Storage); the library's own default variant. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Hashes run on libuv's four threads, which sign and verify tokens too: at most half of them, and never more
 * than there are processors.
 */
const AT_ONCE = Math.min(2, availableParallelism());

/** About 25 ms each: whoever would wait longer than some 3 s is told to come back instead. */
const WAITING = 200;

export interface Passwords {
  /** @throws {Problem} temporarily-unavailable where too many wait */
  hash(password: string): Promise<string>;
  /**
   * Null stands for an account that does not exist: it takes as long and is false.
   *
   * @throws {Problem} temporarily-unavailable where too many wait
   */
  verify(passwordHash: string | null, password: string): Promise<boolean>;
  /**
   * 32 bytes that follow from a text with a password in it, and cost as much to guess as the password's hash.
   *
   * @throws {Problem} temporarily-unavailable where too many wait
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

/** The hash of random bytes that nobody kept, made with the cost above. */
const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$un2ivVxPbyjGWZiwt/MD0g$aT4miunBhyQ5CvbDmo/3wTmK8m8qz0KjvQsusLhu0oU';

/** NIST SP 800-63B, 3.1.1.2: the same password from another keyboard is the same bytes. */
function normalise(password: string): string {
  return password.normalize('NFKC');
}
