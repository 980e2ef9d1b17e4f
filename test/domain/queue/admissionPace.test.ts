import { assert, double, nat, option, property, record, tuple, type Arbitrary } from 'fast-check';
import {
  nextPace,
  type Pace,
  type PaceBounds,
  type PaceSignals,
} from '../../../src/domain/queue/admissionPace';

const BOUNDS = { least: 2, most: 20 };
const UNLIMITED = { least: 1, most: null };

const signals = (given: Partial<PaceSignals> = {}): PaceSignals => ({
  holds: holds(),
  backlogSeconds: 0,
  waiting: 100,
  ...given,
});
const holds = (given: Partial<NonNullable<PaceSignals['holds']>> = {}) => ({
  perSecond: 20,
  milliseconds: 40,
  failedShare: 0,
  ...given,
});

describe('the pace of a room with a rate of its own', () => {
  it.each<[string, number | null, Partial<PaceSignals>, Pace]>([
    ['begins at the rate that the operator allows', null, {}, { rate: 20, reason: 'full-speed' }],
    ['rises by a twentieth of this rate while the system is healthy', 10, {}, { rate: 11, reason: 'rising' }],
    ['also rises if there are no holds', 10, { holds: null }, { rate: 11, reason: 'rising' }],
    ['does not exceed this rate', 19.5, {}, { rate: 20, reason: 'full-speed' }],
    [
      'falls when holds are slow, in proportion to how slow they are',
      10,
      { holds: holds({ milliseconds: 2_500 }) },
      { rate: 8, reason: 'holds-slow' },
    ],
    [
      'falls by three tenths at the most',
      10,
      { holds: holds({ milliseconds: 9_000 }) },
      { rate: 7, reason: 'holds-slow' },
    ],
    [
      'falls when holds fail',
      10,
      { holds: holds({ failedShare: 0.11 }) },
      { rate: 7, reason: 'holds-failing' },
    ],
    ['falls when workers do not keep up', 10, { backlogSeconds: 2.5 }, { rate: 8, reason: 'backlog' }],
    ['never falls below the floor', 2.1, { backlogSeconds: 60 }, { rate: 2, reason: 'backlog' }],
    [
      'does not change between healthy and slow',
      10,
      { holds: holds({ milliseconds: 1_500 }) },
      { rate: 10, reason: 'steady' },
    ],
    [
      'does not change while the workers finish a burst',
      10,
      { backlogSeconds: 1.5 },
      { rate: 10, reason: 'steady' },
    ],
    [
      'uses only the holds if Temporal does not report a backlog',
      10,
      { backlogSeconds: null },
      { rate: 11, reason: 'rising' },
    ],
    ['follows an operator who allows less', 40, {}, { rate: 20, reason: 'full-speed' }],
  ])('%s', (_name, current, given, expected) => {
    const pace = nextPace(current, signals(given), BOUNDS);
    expect(pace.reason).toBe(expected.reason);
    expect(pace.rate).toBeCloseTo(expected.rate ?? 0);
  });

  it('stays within the bounds, and falls whenever the system is slow, for any signals', () => {
    assert(
      property(
        anyPaceSignals(),
        anyBounds(),
        double({ min: 0, max: 1, noNaN: true }),
        (seen, bounds, share) => {
          const current = bounds.least + share * (bounds.most - bounds.least);
          const { rate, reason } = nextPace(current, seen, bounds);
          const slow = ['holds-slow', 'holds-failing', 'backlog'].includes(reason);
          const [lowest, highest] = slow
            ? [Math.max(bounds.least, current * 0.7), Math.max(bounds.least, current * 0.999_999)]
            : [current, bounds.most];
          expect(rate).toBeGreaterThanOrEqual(lowest);
          expect(rate).toBeLessThanOrEqual(highest);
        },
      ),
    );
  });
});

describe('the pace of a room without a rate', () => {
  it.each<[string, number | null, Partial<PaceSignals>, Pace]>([
    ['has no limit while the system is healthy', null, {}, { rate: null, reason: 'full-speed' }],
    [
      'gets no limit while the system is slow, because the operator set no rate',
      null,
      { holds: holds({ perSecond: 50, milliseconds: 3_000 }), backlogSeconds: 9 },
      { rate: null, reason: 'full-speed' },
    ],
    [
      'is limited to less than what a failing system completes',
      null,
      { holds: holds({ perSecond: 50, failedShare: 0.2 }) },
      { rate: 35, reason: 'holds-failing' },
    ],
    [
      'is limited if the system completes nothing',
      null,
      { holds: holds({ perSecond: 0, failedShare: 1 }) },
      { rate: 1, reason: 'holds-failing' },
    ],
    [
      'rises with what the system completes',
      35,
      { holds: holds({ perSecond: 40 }) },
      { rate: 37, reason: 'rising' },
    ],
    ['loses its limit when no user waits any more', 35, { waiting: 0 }, { rate: null, reason: 'full-speed' }],
  ])('%s', (_name, current, given, expected) => {
    const { rate, reason } = nextPace(current, signals(given), UNLIMITED);
    expect(reason).toBe(expected.reason);
    expect(rate === null).toBe(expected.rate === null);
    expect(rate ?? 0).toBeCloseTo(expected.rate ?? 0);
  });
});

/**
 * A system that completes a given number of holds a second, in their order of arrival. An admitted user places a hold
 * five seconds later. The signals cover the last five seconds, as the service measures them.
 */
function closedLoop(bounds: PaceBounds, capacityAt: (second: number) => number, seconds: number) {
  const rates: number[] = [];
  const latencies: number[] = [];
  const admitted: number[] = Array.from({ length: 5 }, () => 0);
  let queued = 0;
  let pace: number | null = null;
  for (let second = 0; second < seconds; second += 1) {
    const capacity = capacityAt(second);
    queued += admitted.at(-5) ?? 0;
    const done = Math.min(queued, capacity);
    queued -= done;
    latencies.push(40 + (queued / capacity) * 1_000);
    const recent = latencies.slice(-5);
    const milliseconds = recent.reduce((sum, value) => sum + value, 0) / recent.length;
    const backlogSeconds = queued / capacity;
    const seen = {
      // The API gives up on a hold after ten seconds.
      holds: { perSecond: done, milliseconds, failedShare: milliseconds > 10_000 ? 1 : 0 },
      backlogSeconds,
      waiting: 10_000,
    };
    const { rate } = nextPace(pace, seen, bounds);
    pace = rate;
    rates.push(rate ?? Infinity);
    admitted.push(rate ?? 1_000);
  }
  return { rates, latencies };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('a loop of pace and system', () => {
  const BUSY = { least: 10, most: 100 };

  it('admits as many as the operator allows while the system has the capacity', () => {
    const { rates } = closedLoop(BUSY, () => 150, 60);
    expect(Math.min(...rates)).toBe(100);
  });

  it('falls when the system becomes slow, stays near its capacity, and recovers with it', () => {
    const { rates, latencies } = closedLoop(BUSY, (second) => (second >= 60 && second < 360 ? 40 : 150), 460);
    // Some seconds after the first slow holds, the rate is below the capacity of the system.
    expect(Math.min(...rates.slice(60, 90))).toBeLessThan(40);
    // From then on it stays near the capacity, and the queue of holds does not grow without limit.
    expect(mean(rates.slice(120, 360))).toBeGreaterThan(20);
    expect(mean(rates.slice(120, 360))).toBeLessThan(44);
    expect(Math.max(...latencies.slice(120, 360))).toBeLessThan(10_000);
    // At the end the rate is what the operator allows, and holds are as fast as before.
    expect(rates.slice(400)).toEqual(rates.slice(400).map(() => 100));
    expect(latencies.at(-1)).toBe(40);
  });

  it('keeps a failing system alive that has no other limit', () => {
    const { rates, latencies } = closedLoop(UNLIMITED, () => 40, 600);
    // The latency swings around the time after which holds fail, and does not grow without limit.
    expect(mean(rates.slice(300))).toBeLessThan(44);
    expect(Math.max(...latencies.slice(300))).toBeLessThan(25_000);
  });
});

function anyPaceSignals(): Arbitrary<PaceSignals> {
  return record({
    holds: option(record({ perSecond: amount(1_000), milliseconds: amount(20_000), failedShare: amount(1) })),
    backlogSeconds: option(amount(600)),
    waiting: nat(),
  });
}

const amount = (max: number) => double({ min: 0, max, noNaN: true });

function anyBounds(): Arbitrary<{ least: number; most: number }> {
  const rate = double({ min: 0.01, max: 10_000, noNaN: true });
  return tuple(rate, rate).map(([one, other]) => ({
    least: Math.min(one, other),
    most: Math.max(one, other),
  }));
}
