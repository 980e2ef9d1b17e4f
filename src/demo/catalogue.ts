import type { CancellationPolicy } from '../domain/cancellations/cancellationPolicy';

/** The demo catalogue. Venues, artists and concerts are invented. */

export interface DemoVenue {
  /** Also the name of the plan file in `demo/plans`. */
  key: 'theatre' | 'hall' | 'arena';
  name: string;
  prices: Readonly<Record<string, number>>;
}

export interface DemoSchedule {
  /** Days from today to the show. */
  inDays: number;
  /** Time of the show in Seoul. */
  at: `${number}:${number}`;
  /** Days from today to the opening of the sale, at 20:00 in Seoul. Negative: in the past. */
  saleOpensInDays: number;
  waitingRoom?: { admitPerSecond: number; maxActive: number };
}

export interface DemoConcert {
  venue: DemoVenue['key'];
  title: string;
  artist: string;
  description: string;
  maxSeatsPerUser?: number;
  /** Replaces the default, the policy of Korean venues. */
  cancellationPolicy?: CancellationPolicy;
  schedules: readonly DemoSchedule[];
}

export const DEMO_VENUES: readonly DemoVenue[] = [
  { key: 'theatre', name: 'Onyu Theatre', prices: { VIP: 88_000, R: 77_000, S: 66_000, A: 44_000 } },
  { key: 'hall', name: 'Haneul Concert Hall', prices: { VIP: 150_000, R: 120_000, S: 90_000, A: 60_000 } },
  {
    key: 'arena',
    name: 'Mirae Arena',
    prices: { VIP: 187_000, R: 165_000, S: 143_000, A: 121_000, B: 99_000 },
  },
];

/**
 * The policy of a venue that keeps a tenth of each ticket until 17:00 on the day before the show. It never refunds the
 * booking fee.
 */
const FLAT_FEE: CancellationPolicy = {
  fees: [{ untilDaysBefore: 1, percent: 10 }],
  cutOff: { daysBefore: 1, time: '17:00' },
  free: [],
  bookingFeeRefundDays: null,
};

export const DEMO_CONCERTS: readonly DemoConcert[] = [
  {
    venue: 'arena',
    title: 'NOVALINE World Tour: First Light',
    artist: '노바라인 (NOVALINE)',
    description:
      'Two nights that open the tour, with a stage that reaches into the middle of the floor. ' +
      'The second night has a waiting room of its own.',
    schedules: [
      { inDays: 30, at: '18:00', saleOpensInDays: -2 },
      {
        inDays: 31,
        at: '17:00',
        saleOpensInDays: -2,
        waitingRoom: { admitPerSecond: 20, maxActive: 500 },
      },
    ],
  },
  {
    venue: 'hall',
    title: '겨울 정원 (Winter Garden)',
    artist: '느린계절 (Slow Season)',
    description: 'Songs for short days, with strings. The sale opens in three days.',
    maxSeatsPerUser: 2,
    schedules: [
      { inDays: 45, at: '19:30', saleOpensInDays: 3 },
      { inDays: 46, at: '17:00', saleOpensInDays: 3 },
    ],
  },
  {
    venue: 'hall',
    title: 'Symphony at Dawn',
    artist: '하늘필하모닉 (Haneul Philharmonic)',
    description: 'One evening of new music for a large orchestra.',
    schedules: [{ inDays: 16, at: '19:30', saleOpensInDays: -20 }],
  },
  {
    venue: 'hall',
    title: '막차 (The Last Train)',
    artist: '달빛기차 (Moonlight Train)',
    description: 'The city-pop band plays its first album from start to end.',
    schedules: [{ inDays: 23, at: '20:00', saleOpensInDays: -5 }],
  },
  {
    venue: 'theatre',
    title: 'Late Set',
    artist: 'Blue Persimmon Quartet',
    description: 'Three nights of jazz, close enough to hear the brushes.',
    schedules: [
      { inDays: 9, at: '20:00', saleOpensInDays: -14 },
      { inDays: 10, at: '19:00', saleOpensInDays: -14 },
      { inDays: 11, at: '15:00', saleOpensInDays: -14 },
    ],
  },
  {
    venue: 'theatre',
    title: '조용한 방 (A Quiet Room)',
    artist: '종이등불 (Paper Lantern)',
    description:
      'An acoustic evening without amplification. Cancelling costs a tenth, from the first day on.',
    cancellationPolicy: FLAT_FEE,
    schedules: [
      { inDays: 19, at: '19:30', saleOpensInDays: -1 },
      { inDays: 20, at: '15:00', saleOpensInDays: -1 },
    ],
  },
];
