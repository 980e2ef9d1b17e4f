import { setTimeout as pause } from 'node:timers/promises';
import { createLoginPace } from '../../../src/api/accounts/loginPace';
import { Problem } from '../../../src/domain/problems';
import type { LoginOutcome, LoginTries } from '../../../src/redis/accounts/loginTries';

const FREE = 5;
const mina = { login: 'mina', network: '192.0.2.1', closed: new AbortController().signal };

/** Tries as Redis reports them, the outcome of each, and the delay of each. */
function aPace(found: { own: number; all: number } | null) {
  const [outcomes, delays]: [LoginOutcome[], number[]] = [[], []];
  const tries: LoginTries = {
    free: FREE,
    begin: () =>
      Promise.resolve(
        found && { ...found, end: (outcome: LoginOutcome) => Promise.resolve(void outcomes.push(outcome)) },
      ),
  };
  const sleep: typeof pause = async (ms = 0, value, options) => {
    delays.push(ms);
    return pause(0, value, options);
  };
  return { pace: createLoginPace(tries, sleep), outcomes, delays };
}

const right = () => Promise.resolve('in');
const wrong = async () => Promise.reject(new Problem('invalid-credentials', 'Wrong.'));

const broken = async () => Promise.reject(new Problem('temporarily-unavailable', 'Later.'));

async function delayAfter(own: number, all: number): Promise<number> {
  const { pace, delays } = aPace({ own, all });
  expect(await pace.check(mina, right)).toBe('in');
  return delays[0] ?? 0;
}

describe('the delay before a password is checked', () => {
  it.each([
    [0, 0],
    [4, 0],
    [5, 1_000],
    [6, 2_000],
    [7, 4_000],
    [8, 8_000],
    [500, 8_000],
  ])('after %i tries from the same network is %i ms, and the right password is accepted', async (own, ms) => {
    expect(await delayAfter(own, own)).toBe(Math.max(ms, own >= 20 ? 4_000 : 0));
  });

  it.each([
    [19, 0],
    [20, 1_000],
    [40, 2_000],
    [60, 4_000],
    [100_000, 4_000],
  ])(
    'after %i tries from all networks is %i ms for every client, and no try is rejected',
    async (all, ms) => {
      expect(await delayAfter(0, all)).toBe(ms);
    },
  );
});

describe('a try', () => {
  it('counts as failed if the password was wrong', async () => {
    const { pace, outcomes } = aPace({ own: 0, all: 0 });
    await expect(pace.check(mina, wrong)).rejects.toMatchObject({ slug: 'invalid-credentials' });
    expect(outcomes).toEqual(['failed']);
  });

  it('does not count if something else failed', async () => {
    const { pace, outcomes } = aPace({ own: 0, all: 0 });
    await expect(pace.check(mina, broken)).rejects.toMatchObject({ slug: 'temporarily-unavailable' });
    expect(outcomes).toEqual(['unknown']);
  });

  it('is rejected while another try from the same network has its turn', async () => {
    const { pace } = aPace(null);
    await expect(pace.check(mina, right)).rejects.toMatchObject({
      slug: 'rate-limited',
      members: { policy: 'login-account', retryAfter: 1 },
    });
  });

  it('is dropped without a password check if its client leaves before its turn', async () => {
    const { pace, outcomes } = aPace({ own: 8, all: 8 });
    const check = jest.fn(right);
    const left = { ...mina, closed: AbortSignal.abort() };
    await expect(pace.check(left, check)).rejects.toMatchObject({ slug: 'temporarily-unavailable' });
    expect(check).not.toHaveBeenCalled();
    expect(outcomes).toEqual(['unknown']);
  });

  it('is not delayed if limits are switched off', async () => {
    expect(await createLoginPace(null).check(mina, right)).toBe('in');
  });
});
