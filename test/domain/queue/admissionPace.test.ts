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
    ['begins with what the operator allows', null, {}, { rate: 20, reason: 'full-speed' }],
    ['rises by a twentieth of it while the system is healthy', 10, {}, { rate: 11, reason: 'rising' }],
    ['rises where nothing is held, too', 10, { holds: null }, { rate: 11, reason: 'rising' }],
    ['does not pass it', 19.5, {}, { rate: 20, reason: 'full-speed' }],
    [
      'falls when holds are slow, by as much as they are too slow',
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
      'stays between healthy and slow',
      10,
      { holds: holds({ milliseconds: 1_500 }) },
      { rate: 10, reason: 'steady' },
    ],
    ['stays while a burst is worked off', 10, { backlogSeconds: 1.5 }, { rate: 10, reason: 'steady' }],
    [
      'goes by the holds where Temporal does not tell',
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

  it('keeps within the bounds, and falls whenever the system is slow, whatever comes', () => {
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
      'gets none while the system is slow, since nobody has asked for one',
      null,
      { holds: holds({ perSecond: 50, milliseconds: 3_000 }), backlogSeconds: 9 },
      { rate: null, reason: 'full-speed' },
    ],
    [
      'is limited to less than a failing system gets done',
      null,
      { holds: holds({ perSecond: 50, failedShare: 0.2 }) },
      { rate: 35, reason: 'holds-failing' },
    ],
    [
      'is limited where nothing gets done at all',
      null,
      { holds: holds({ perSecond: 0, failedShare: 1 }) },
      { rate: 1, reason: 'holds-failing' },
    ],
    ['rises with what gets done', 35, { holds: holds({ perSecond: 40 }) }, { rate: 37, reason: 'rising' }],
    ['loses its limit when nobody waits any more', 35, { waiting: 0 }, { rate: null, reason: 'full-speed' }],
  ])('%s', (_name, current, given, expected) => {
    const { rate, reason } = nextPace(current, signals(given), UNLIMITED);
    expect(reason).toBe(expected.reason);
    expect(rate === null).toBe(expected.rate === null);
    expect(rate ?? 0).toBeCloseTo(expected.rate ?? 0);
  });
});

/**
 * A system that does so many holds a second, in the order they came. Who is let in holds five seconds later. Its
 * signals are those of the last five seconds, as they are measured.
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
      // The API gives a hold up after ten seconds.
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

  it('lets in what the operator allows while the system can do it', () => {
    const { rates } = closedLoop(BUSY, () => 150, 60);
    expect(Math.min(...rates)).toBe(100);
  });

  it('falls when the system becomes slow, holds near what it can do, and recovers with it', () => {
    const { rates, latencies } = closedLoop(BUSY, (second) => (second >= 60 && second < 360 ? 40 : 150), 460);
    // Within some seconds of the first slow holds it is below what the system can do.
    expect(Math.min(...rates.slice(60, 90))).toBeLessThan(40);
    // From then on it keeps near that, and holds do not pile up without end.
    expect(mean(rates.slice(120, 360))).toBeGreaterThan(20);
    expect(mean(rates.slice(120, 360))).toBeLessThan(44);
    expect(Math.max(...latencies.slice(120, 360))).toBeLessThan(10_000);
    // And back at the operator's rate, with holds as quick as before.
    expect(rates.slice(400)).toEqual(rates.slice(400).map(() => 100));
    expect(latencies.at(-1)).toBe(40);
  });

  it('keeps a failing system alive that nobody limits otherwise', () => {
    const { rates, latencies } = closedLoop(UNLIMITED, () => 40, 600);
    // It swings around the time after which holds fail, and does not pile up without end.
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
