import { randomUUID } from 'node:crypto';
import { createLogger } from '../../../src/config/logging';
import { createBestEffort, type BestEffort } from '../../../src/redis/bestEffort';
import { createLoginTries, type LoginOutcome, type LoginTries } from '../../../src/redis/accounts/loginTries';
import { createTestRedis, redisReady, type TestRedis } from '../../support/redis';

let redis: TestRedis;
let attempt: BestEffort;
let tries: LoginTries;

const FREE = 3;

beforeAll(async () => {
  redis = await createTestRedis();
  await redisReady(redis.redis, 5_000);
  attempt = createBestEffort(redis.redis, createLogger('test', 'silent'));
  tries = createLoginTries({ redis: redis.redis, attempt, free: FREE });
});
afterAll(async () => redis?.drop());

/** Makes tries one after the other, each to its end. Returns what each found. */
async function times(count: number, account: string, network: string, outcome: LoginOutcome = 'failed') {
  const found: unknown[] = [];
  for (let time = 0; time < count; time += 1) {
    const turn = await tries.begin(account, network);
    found.push(turn && [turn.own, turn.all]);
    await turn?.end(outcome);
  }
  return found;
}

describe('tries to log in', () => {
  it('are counted for the network and for the account', async () => {
    const account = randomUUID();
    expect(await times(2, account, 'a')).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(await times(1, account, 'b')).toEqual([[0, 2]]);
    expect(await times(1, randomUUID(), 'a')).toEqual([[0, 0]]);
  });

  it('take turns after the free tries, separately for each network', async () => {
    const account = randomUUID();
    await times(FREE, account, 'a');
    const turn = await tries.begin(account, 'a');
    expect(await tries.begin(account, 'a')).toBeNull();
    expect(await tries.begin(account, 'b')).not.toBeNull();
    await turn?.end('failed');
    expect(await tries.begin(account, 'a')).toMatchObject({ own: FREE + 1 });
  });

  it('count from their start, so that only a few of many parallel tries are free', async () => {
    const account = randomUUID();
    const turns = await Promise.all(Array.from({ length: 10 }, async () => tries.begin(account, 'a')));
    expect(turns.filter((turn) => turn !== null)).toHaveLength(FREE + 1);
  });

  it('are forgotten for a network after a success there, and stay for the account', async () => {
    const account = randomUUID();
    await times(2, account, 'a');
    await times(1, account, 'a', 'succeeded');
    expect(await times(1, account, 'a')).toEqual([[0, 2]]);
  });

  it('do not count if the password was not checked', async () => {
    const account = randomUUID();
    await times(5, account, 'a', 'unknown');
    expect(await times(1, account, 'a')).toEqual([[0, 0]]);
  });

  it('keep their turn if an older turn ends late', async () => {
    const account = randomUUID();
    await times(FREE, account, 'a');
    const late = await tries.begin(account, 'a');
    await redis.redis.del(`login:{${account}}:turn:a`);
    const turn = await tries.begin(account, 'a');
    await late?.end('failed');
    expect(await tries.begin(account, 'a')).toBeNull();
    await turn?.end('failed');
  });

  it('take turns in this process while Redis is away, each like the first that has to wait', async () => {
    const away = createLoginTries({
      redis: redis.redis,
      attempt: () => Promise.resolve(undefined),
      free: FREE,
    });
    const account = randomUUID();
    const turn = await away.begin(account, 'a');
    expect(turn).toMatchObject({ own: FREE, all: 0 });
    expect(await away.begin(account, 'a')).toBeNull();
    await turn?.end('failed');
    expect(await away.begin(account, 'a')).not.toBeNull();
  });
});
