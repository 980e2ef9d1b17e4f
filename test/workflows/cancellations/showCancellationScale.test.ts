import type { SeenPage, ShowPage } from '../../../src/activities/cancellations/showCancellations';
import { createShowCancellationStore } from '../../../src/db/cancellations/showCancellationStore';
import { cancelledShows, type CancelledShows } from '../../support/cancelledShows';
import { createSoldShow, FREE } from '../../support/soldShow';
import { createTestbed, type Testbed } from '../../support/testbed';

/** The limit of the server is 51,200 events. */
const LONGEST_HISTORY = 4_000;

/** With `SHOW_RESERVATIONS=20000` it is a measurement (docs/testing.md). */
const REAL_RESERVATIONS = Number(process.env['SHOW_RESERVATIONS'] ?? 200);
const WITHIN_MS = 60_000 + REAL_RESERVATIONS * 100;

let testbed: Testbed;
let shows: CancelledShows;

beforeAll(async () => {
  testbed = await createTestbed();
  shows = cancelledShows(testbed);
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

/** The length of the history of each run of a show's workflow, the last one first. */
async function historiesOf(scheduleId: string): Promise<number[]> {
  const { client } = testbed.temporal.env;
  const { workflowId } = shows.handle(scheduleId);
  const lengths: number[] = [];
  for (let runId: string | null | undefined; lengths.length === 0 || runId;) {
    const { events = [] } = await client.workflow.getHandle(workflowId, runId ?? undefined).fetchHistory();
    lengths.push(events?.length ?? 0);
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
  }
  return lengths;
}

describe('a show of 20,000 reservations', () => {
  it('is handled page by page, each page once, by runs of bounded length that lose no message of an operator', async () => {
    const { scheduleId } = await createSoldShow(testbed.database.owner, testbed.gateway, 20_000, [FREE]);
    // If a workflow task is lost, its page is handled again, and changes nothing more.
    const pages = new Set<string | null>();
    // The test leaves out the cancellations themselves: only the walk over the pages has no limit here.
    testbed.temporal.replaceActivity('startCancellations', () => async (page) => {
      pages.add(page.after);
      return cancelInPostgres(page);
    });
    const handle = await shows.cancel(scheduleId, { refundsPerSecond: 20 });
    await shows.adjust(scheduleId, { refundsPerSecond: 25 });

    const ended = handle.result();
    // The workflow also gets messages that come while one run ends and the next begins.
    while (await shows.tryToAdjust(scheduleId, {})) await Promise.race([ended, pause(300)]);

    expect(await ended).toMatchObject({ counts: { reservations: 20_000, refunded: 20_000 } });
    expect(await shows.find(scheduleId)).toMatchObject({ refundsPerSecond: 25, paused: false });
    // If a run forgot the rate, the walk would need about 900 pages or more.
    expect(pages.size).toBeGreaterThanOrEqual(20_000 / 25);
    expect(pages.size).toBeLessThan(850);
    const histories = await historiesOf(scheduleId);
    expect(histories.length).toBeGreaterThan(1);
    expect(Math.max(...histories)).toBeLessThan(LONGEST_HISTORY);
  }, 180_000);
});

describe(`a show of ${REAL_RESERVATIONS} reservations`, () => {
  it(
    'refunds each of them',
    async () => {
      const { scheduleId, sold } = await createSoldShow(
        testbed.database.owner,
        testbed.gateway,
        REAL_RESERVATIONS,
      );
      const began = Date.now();

      const handle = await shows.cancel(scheduleId, { refundsPerSecond: 100 });

      const counts = { reservations: REAL_RESERVATIONS, refunded: REAL_RESERVATIONS };
      expect(await handle.result()).toMatchObject({ counts });
      process.stderr.write(`${REAL_RESERVATIONS} reservations refunded in ${Date.now() - began} ms\n`);
      const cards = sold.filter((one) => one.card > 0);
      // Counted by key: a try whose response was lost is repeated under the same key.
      const refunds = new Set(testbed.gateway.calls.filter((call) => call.startsWith('refund ')));
      expect(refunds.size).toBe(cards.length);
      expect(testbed.gateway.takenInAll()).toBe(0);
    },
    WITHIN_MS,
  );
});

/** Writes what the cancellations of a page of free reservations write to Postgres. */
async function cancelInPostgres({ scheduleId, after }: ShowPage): Promise<SeenPage> {
  const { owner } = testbed.database;
  const settings = await shows.lockSettings(scheduleId);
  if (!settings) throw new Error('the show is not cancelled');
  const limit = settings.refundsPerSecond;
  const page = { scheduleId, statuses: ['CONFIRMED'] as const, after, limit };
  const ids = await createShowCancellationStore(owner).page(page);
  await owner.raw(
    `WITH page AS (SELECT unnest(?::uuid[]) AS id),
     moved AS (UPDATE reservations SET status = 'CANCELLED' FROM page WHERE reservations.id = page.id),
     freed AS (UPDATE allocations SET released_at = now() FROM page WHERE reservation_id = page.id),
     requested AS (
       INSERT INTO cancellation_requests (id, reservation_id, cause, status, ended_at)
       SELECT gen_random_uuid(), id, 'ORGANISER', 'ACCEPTED', now() FROM page
       ON CONFLICT (reservation_id) WHERE cause = 'ORGANISER' DO NOTHING
       RETURNING id, reservation_id)
     INSERT INTO cancellations
       (id, reservation_id, cause, rule, fee, booking_fee_refund, points, card, currency, cancelled_at,
        tickets, booking_fee, whole, seat_ids)
     SELECT requested.id, reservation_id, 'ORGANISER', 'organiser-cancelled', 0, 0, 0, 0, 'KRW', now(),
            tickets, booking_fee, true,
            (SELECT array_agg(seat_id) FROM allocations WHERE allocations.reservation_id = requested.reservation_id)
     FROM requested JOIN reservations ON reservations.id = reservation_id`,
    [ids],
  );
  return { ...settings, last: ids.length === limit ? (ids.at(-1) ?? null) : null, reservations: ids.length };
}

async function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
