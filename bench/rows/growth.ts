import { bearer } from '../bare/protocol';
import { oncePer, rateOf, type Bench } from '../bench';
import { shoppedSchema, type Customer, type Person } from '../generator/protocol';
import { sumOf, type Measured } from '../processes/meter';
import type { Row } from '../row';
import { hall, openSchedule, PRICE, type Schedule } from '../site/catalogue';
import { writePastReservations } from '../site/past';
import { enterRoom } from '../site/people';
import type { Site } from '../site/site';
import { saturate, type PlainTarget } from './plainRequests';
import { formLine, polls } from './queuePolls';
import { holdSeat, refusals } from './refusedHolds';
import { sideBySide } from './sideBySide';

const TIMES = 10;
/** More than one customer buys. Every site has the same number. */
const CUSTOMERS = 40;

/** A Holdfast with past reservations. */
interface Grown {
  site: Site;
  people: Person[];
  customers: Customer[];
  /** The number of people who wait in a line that is polled. */
  waiting: number;
  schedule: Schedule;
  /** The number of seats taken so far from the front of the schedule. */
  used: number;
}

/** Two Holdfasts. One has ten times as many seats, users and past reservations as the other. */
const sites = oncePer(async (bench: Bench) => {
  const { seats, users, reservations } = bench.scale.growth;
  const open = async (name: string, times: number): Promise<Grown> => {
    const site = await bench.openSite(name);
    const points = (Math.ceil(reservations / users) + 100) * PRICE;
    const people = await site.people.welcome(users * times, points);
    await writePastReservations(site, people, reservations * times);
    return {
      site,
      people,
      customers: await enterRoom(site.client, people.slice(0, CUSTOMERS)),
      waiting: Math.ceil((bench.scale.waiting * times) / TIMES),
      schedule: await openSchedule(site.client, { plan: hall(seats * times) }),
      used: 0,
    };
  };
  const [small, large] = await Promise.all([open('small', 1), open('large', TIMES)]);
  return { small, large };
});

/** The processor time of an operation in all processes of the service, in the large case and in the small one. */
const growth = (operation: string, run: (bench: Bench, grown: Grown) => Promise<Measured>): Row => ({
  subject: 'growth',
  figure: `${operation}, ${TIMES} times of everything`,
  unit: 'CPU ms',
  reference: 'the small case',
  target: { atMost: 1.15 },

  async prepare(bench) {
    const { small, large } = await sites(bench);
    return async (round) => {
      if (round.number === 1) {
        for (const grown of [large, small]) await run(bench, grown);
      }
      const [tenfold, single] = await sideBySide(
        round,
        () => run(bench, large),
        () => run(bench, small),
      );
      const [ours, reference] = [rateOf(tenfold).cpuMs, rateOf(single).cpuMs];
      return { ours: sumOf(ours), reference: sumOf(reference), cpuMs: { ours, reference } };
    };
  },
});

const ask = (bench: Bench, { site }: Grown, target: Omit<PlainTarget, 'pids'>): Promise<Measured> =>
  saturate(bench, { ...target, pids: site.stack.pids });

async function buy({ generator, scale }: Bench, grown: Grown): Promise<Measured> {
  const { site, customers, schedule } = grown;
  const shopped = await generator.ask(
    {
      task: 'purchases',
      url: site.stack.apiUrl,
      pids: site.stack.pids,
      customers,
      seatIds: schedule.seatIds.slice(grown.used),
      seatsEach: 1,
      log: site.log,
      window: { users: CUSTOMERS / 4, rampMs: scale.rampMs, measuredMs: scale.measuredMs / 2 },
    },
    shoppedSchema,
  );
  grown.used += shopped.seatsUsed;
  return shopped;
}

async function refuse(bench: Bench, grown: Grown): Promise<Measured> {
  const [holder, ...crowd] = grown.customers;
  const seatId = grown.schedule.seatIds[grown.used];
  if (!holder || seatId === undefined) throw new Error('there is no seat to ask for');
  grown.used += 1;
  await holdSeat(grown.site, holder, seatId);
  return ask(bench, grown, refusals(grown.site, crowd, seatId));
}

async function readMap(bench: Bench, grown: Grown): Promise<Measured> {
  const path = `/v1/schedules/${grown.schedule.scheduleId}/seats`;
  const { headers } = await grown.site.client.send({ method: 'GET', path });
  return ask(bench, grown, {
    url: grown.site.stack.apiUrl,
    requests: [{ method: 'GET', path, headers: { 'if-none-match': String(headers['etag']) } }],
    expectedStatus: 304,
  });
}

/** A new line each time, outside of the measurement: a place that is not polled for a minute ends. */
async function poll(bench: Bench, grown: Grown): Promise<Measured> {
  const line = await formLine(grown.site, grown.waiting);
  return ask(bench, grown, polls(grown.site, line));
}

const listOwn = (bench: Bench, grown: Grown): Promise<Measured> =>
  ask(bench, grown, {
    url: grown.site.stack.apiUrl,
    requests: grown.people.slice(CUSTOMERS).map((person) => ({
      method: 'GET',
      path: '/v1/reservations',
      headers: { authorization: bearer(person) },
    })),
    expectedStatus: 200,
  });

export const growthRows: Row[] = [
  growth('hold and pay', buy),
  growth('a refused hold', refuse),
  growth('a seat map, 304', readMap),
  growth('a queue poll', poll),
  growth('the list of own reservations', listOwn),
];
