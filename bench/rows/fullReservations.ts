import { oncePer, rateOf, type Bench } from '../bench';
import { shoppedSchema, type Shopped } from '../generator/protocol';
import { sumOf, type Rate } from '../processes/meter';
import type { Round, Row } from '../row';
import { arena, openSchedule, PRICE } from '../site/catalogue';
import { enterRoom } from '../site/people';
import { sideBySide } from './sideBySide';

const SEATS_EACH = 2;
/** The share of the closed loop's throughput at which people arrive while the latency is measured. */
const LOAD = 0.5;

type PurchaseKind =
  | { task: 'purchases'; window: { users: number; rampMs: number; measuredMs: number } }
  | { task: 'purchaseArrivals'; perSecond: number; seconds: number };

/** Sells two free seats each, by `POST /v1/reservations` and `POST /v1/payments`. The response must be CONFIRMED. */
async function openShop({ site, generator, scale, pids }: Bench, bookingFee: number) {
  const { users, rampMs, measuredMs } = scale;
  const people = await site.people.welcome(scale.customers, 100 * PRICE);
  const customers = await enterRoom(site.client, people);
  const { seatIds } = await openSchedule(site.client, { plan: await arena(), bookingFee });
  let used = 0;
  const buy = async (command: PurchaseKind): Promise<Shopped> => {
    const shopped = await generator.ask(
      {
        url: site.stack.apiUrl,
        pids,
        customers,
        seatIds: seatIds.slice(used),
        seatsEach: SEATS_EACH,
        log: site.log,
        ...command,
      },
      shoppedSchema,
    );
    used += shopped.seatsUsed;
    return shopped;
  };
  await buy({ task: 'purchases', window: { users, rampMs, measuredMs: scale.warmUpMs } });

  return {
    mostArrivals: customers.length,
    arrivals: async (perSecond: number): Promise<Shopped> =>
      buy({ task: 'purchaseArrivals', perSecond, seconds: measuredMs / 1_000 }),
    /** Measured once in a round, for every row that needs it. */
    rate: oncePer(async (_round: Round): Promise<Rate> =>
      rateOf(await buy({ task: 'purchases', window: { users, rampMs, measuredMs } })),
    ),
  };
}

const shops = {
  'points and card': oncePer(async (bench: Bench) => openShop(bench, 2_000)),
  'points only': oncePer(async (bench: Bench) => openShop(bench, 0)),
};
type Way = keyof typeof shops;

const throughput = (way: Way): Row => ({
  subject: 'reservations',
  figure: `full reservations, ${way}`,
  unit: 'a second',
  reference: 'the former bare workflow',
  target: { atLeast: 0.85 },

  async prepare(bench) {
    const shop = await shops[way](bench);
    return async (round) => {
      const [rate, ceiling] = await sideBySide(
        round,
        async () => shop.rate(round),
        async () => round.ceiling('former'),
      );
      const perSecond = Math.min(rate.perSecond * LOAD, shop.mostArrivals);
      const { latencies } = await shop.arrivals(perSecond);
      return {
        ours: rate.perSecond,
        reference: ceiling.perSecond,
        cpuMs: { ours: rate.cpuMs, reference: ceiling.cpuMs },
        latencies,
        details: { 'arrivals a second for latency': perSecond },
      };
    };
  },
});

/** A comparison of processor times. Other load on the machine disturbs it less than rates. */
const cost = (
  figure: string,
  target: Row['target'],
  reference: string,
  measure: (bench: Bench, round: Round) => Promise<[ours: Rate, reference: Rate]>,
): Row => ({
  subject: 'reservations',
  figure,
  unit: 'CPU ms',
  reference,
  target,

  prepare: async (bench) => async (round) => {
    const [{ cpuMs: ours }, { cpuMs: theirs }] = await measure(bench, round);
    return { ours: sumOf(ours), reference: sumOf(theirs), cpuMs: { ours, reference: theirs } };
  },
});

/** Measured once in a round, for every row that needs it. */
export const paidReservations = async (bench: Bench, round: Round): Promise<Rate> =>
  (await shops['points and card'](bench)).rate(round);

export const fullReservationRows: Row[] = [
  throughput('points and card'),
  throughput('points only'),
  cost(
    'a full reservation beside the former bare workflow',
    { atMost: 1.2 },
    'the former bare workflow',
    async (bench, round) => [await paidReservations(bench, round), await round.ceiling('former')],
  ),
  cost(
    'a full reservation beside the bare workflow',
    { atMost: 1.8 },
    'the bare workflow',
    async (bench, round) => [await paidReservations(bench, round), await round.ceiling('present')],
  ),
  cost('the bare workflow', { atMost: 0.55 }, 'the former bare workflow', async (_bench, round) => [
    await round.ceiling('present'),
    await round.ceiling('former'),
  ]),
];
