import { createLogSampler } from '../../src/config/logSampler';
import { createLineLog } from '../support/lineLog';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('lines that anybody can cause', () => {
  it('are written as far as an operator needs to see them, each kind by itself', () => {
    const { logger } = createLineLog();
    const sampler = createLogSampler(logger, 'refused requests');
    const admitted = Array.from({ length: 1_000 }, () => sampler.admits('rate-limited')).filter(Boolean);
    expect(admitted).toHaveLength(20);
    expect(sampler.admits('not-found')).toBe(true);
  });

  it('are counted where they are left out, and told in one line a minute', () => {
    const { logger, lines } = createLineLog();
    const sampler = createLogSampler(logger, 'refused requests');
    for (let count = 0; count < 1_000; count += 1) sampler.admits('rate-limited');
    sampler.admits('not-found');
    jest.advanceTimersByTime(60_000);
    expect(lines()).toEqual([
      expect.objectContaining({
        kind: 'rate-limited',
        leftOut: 980,
        msg: 'refused requests left out of the log',
      }),
    ]);
    expect(sampler.admits('rate-limited')).toBe(true);
    jest.advanceTimersByTime(60_000);
    expect(lines()).toHaveLength(1);
  });
});
