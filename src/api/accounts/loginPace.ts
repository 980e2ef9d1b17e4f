import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../../domain/problems';
import type { LoginOutcome, LoginTries } from '../../redis/accounts/loginTries';

/**
 * The tries of an account from one network that are not delayed, because people mistype. RATE_LIMIT_FACTOR multiplies
 * this number.
 */
export const FREE_TRIES = 5;

/** After the free tries, each failed try doubles the delay of the next one, from one second to eight seconds. */
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 8_000;

/**
 * This many failed tries of an account from all networks delay every try by one second. The same number again doubles
 * the delay to two seconds, and then to four.
 */
const MANY_TRIES = 20;
const LONGEST_DELAY_OF_ALL_MS = 4_000;

/** The tries that may wait. Each holds a socket and a few kilobytes for some seconds. */
const MAX_WAITING = 1_000;

export interface Credentials {
  /** The account's id in its canonical form; the account need not exist. */
  login: string;
  /** The network of the client. */
  network: string;
  /** Aborted when the client leaves or the service stops. */
  closed: AbortSignal;
}

/**
 * Delays a client that guesses the password of an account. Never locks an account (NIST SP 800-63B, 3.2.2): the right
 * password gets in after some seconds, whatever other clients have tried. After the free tries, the tries from one
 * network run one by one. So many parallel tries are no faster.
 */
export interface LoginPace {
  /**
   * Checks a password when it is its turn.
   *
   * @throws {Problem} rate-limited if another try from the same network is under way, or if too many tries wait; or
   *   what the check throws: `invalid-credentials` counts as a failed try
   */
  check<Result>(credentials: Credentials, check: () => Promise<Result>): Promise<Result>;
}

/** @param tries null switches the delays off */
export function createLoginPace(tries: LoginTries | null, sleep: typeof pause = pause): LoginPace {
  let waiting = 0;

  async function wait(ms: number, closed: AbortSignal): Promise<void> {
    if (ms === 0) return;
    if (waiting >= MAX_WAITING) throw later('Too many people log in at the moment.', ms);
    waiting += 1;
    try {
      await sleep(ms, undefined, { signal: closed });
    } catch {
      throw new Problem('temporarily-unavailable', 'The connection has ended.');
    } finally {
      waiting -= 1;
    }
  }

  return {
    async check({ login, network, closed }, check) {
      if (!tries) return check();
      const turn = await tries.begin(login, network);
      if (!turn) throw later('Another try to log in to this account is under way.', FIRST_DELAY_MS);
      let outcome: LoginOutcome = 'unknown';
      try {
        await wait(delayOf(turn, tries.free), closed);
        const result = await check();
        outcome = 'succeeded';
        return result;
      } catch (error) {
        if (error instanceof Problem && error.slug === 'invalid-credentials') outcome = 'failed';
        throw error;
      } finally {
        await turn.end(outcome);
      }
    },
  };
}

/** @param free the number of tries that are not delayed */
function delayOf({ own, all }: { own: number; all: number }, free: number): number {
  const ofOwn = own < free ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (own - free), LONGEST_DELAY_MS);
  const rounds = Math.floor(all / MANY_TRIES);
  const ofAll = rounds === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (rounds - 1), LONGEST_DELAY_OF_ALL_MS);
  return Math.max(ofOwn, ofAll);
}

function later(detail: string, ms: number): Problem {
  return new Problem('rate-limited', detail, { policy: 'login-account', retryAfter: Math.ceil(ms / 1_000) });
}
