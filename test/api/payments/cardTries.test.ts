import { randomUUID } from 'node:crypto';
import { createTryCard, type CardPayer, type TryCard } from '../../../src/api/payments/cardTries';
import { createLogger } from '../../../src/config/logging';
import { Problem } from '../../../src/domain/problems';
import { GATEWAY_UNAVAILABLE } from '../../../src/domain/payments/gateway';
import { createBestEffort } from '../../../src/redis/bestEffort';
import { RATE_LIMITS } from '../../../src/domain/rateLimits';
import { createRateLimits } from '../../../src/redis/rateLimits';
import { createTestRedis, redisReady, type TestRedis } from '../../support/redis';

let redis: TestRedis;
let tryCard: TryCard;

beforeAll(async () => {
  redis = await createTestRedis();
  await redisReady(redis.redis, 5_000);
  const attempt = createBestEffort(redis.redis, createLogger('test', 'silent'));
  tryCard = createTryCard(createRateLimits({ redis: redis.redis, attempt, factor: 1 }));
});
afterAll(async () => redis?.drop());

let networks = 0;
const aPayer = (): CardPayer => {
  networks += 1;
  return { userId: randomUUID(), network: `192.0.2.${networks}` };
};

const declined = async () =>
  Promise.reject(new Problem('payment-failed', 'No.', { reason: 'card-declined' }));
const notAsked = async () =>
  Promise.reject(new Problem('payment-failed', 'No.', { reason: GATEWAY_UNAVAILABLE }));
const approved = async () => Promise.resolve('approved');

/** The outcomes of this number of charges, one after another. */
async function outcomes(payer: () => CardPayer, charge: () => Promise<string>, times: number) {
  const found: string[] = [];
  for (let time = 0; time < times; time += 1) {
    found.push(
      await tryCard(payer(), charge).catch((error: unknown) => (error instanceof Problem ? error.slug : 'x')),
    );
  }
  return found;
}

const { quota } = RATE_LIMITS['failed-cards'];
const ofAddress = RATE_LIMITS['failed-cards-address'].quota;

describe('charges that fail', () => {
  it('are limited for a user, before the next card is charged', async () => {
    const user = aPayer();
    const first = await outcomes(() => user, declined, quota);
    expect(new Set(first)).toEqual(new Set(['payment-failed']));

    const charge = jest.fn(approved);
    expect(await outcomes(() => user, charge, 1)).toEqual(['rate-limited']);
    expect(charge).not.toHaveBeenCalled();
  });

  it('are limited for an address, however many accounts it uses', async () => {
    const { network } = aPayer();
    const anyone = () => ({ userId: randomUUID(), network });
    await outcomes(anyone, declined, ofAddress);
    expect(await outcomes(anyone, approved, 1)).toEqual(['rate-limited']);
    expect(await outcomes(aPayer, approved, 1)).toEqual(['approved']);
  });

  it('do not count if the gateway was not called', async () => {
    const user = aPayer();
    await outcomes(() => user, notAsked, quota + 1);
    expect(await outcomes(() => user, approved, 1)).toEqual(['approved']);
  });

  it('are the only charges that count', async () => {
    const user = aPayer();
    await outcomes(() => user, approved, quota + 1);
    expect(await outcomes(() => user, approved, 1)).toEqual(['approved']);
  });
});
