import { createLogSampler } from '../../src/config/logSampler';
import { createLineLog } from '../support/lineLog';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('log lines that any client can cause', () => {
  it('are limited for each kind separately', () => {
    const { logger } = createLineLog();
    const sampler = createLogSampler(logger, 'refused requests');
    const admitted = Array.from({ length: 1_000 }, () => sampler.admits('rate-limited')).filter(Boolean);
    expect(admitted).toHaveLength(20);
    expect(sampler.admits('not-found')).toBe(true);
  });

  it('are counted if they are left out, and one line a minute reports the number', () => {
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
