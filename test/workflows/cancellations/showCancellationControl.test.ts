import { createShowCancellationStore } from '../../../src/db/cancellations/showCancellationStore';
import { cancelledShows, type CancelledShows } from '../../support/cancelledShows';
import { itWithSkippedTime, PAUSE_MS } from '../../support/durations';
import { eventually } from '../../support/eventually';
import { BY_POINTS_AND_CARD, createSoldShow } from '../../support/soldShow';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;
let shows: CancelledShows;

beforeAll(async () => {
  testbed = await createTestbed();
  shows = cancelledShows(testbed);
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

const aShow = async (reservations: number) =>
  createSoldShow(testbed.database.owner, testbed.gateway, reservations, [BY_POINTS_AND_CARD]);

/** The time at which each cancellation of a reservation began, by the clock of the workflows. */
async function beginnings(scheduleId: string): Promise<number[]> {
  const { rows } = await testbed.database.owner.raw<{ rows: { at: Date }[] }>(
    `SELECT requested_at AS at FROM cancellation_requests JOIN reservations ON reservations.id = reservation_id
     WHERE schedule_id = ? ORDER BY requested_at`,
    [scheduleId],
  );
  return rows.map(({ at }) => at.getTime());
}

/** The largest number of cancellations that began within one second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => from <= at && at < from + 1_000).length));
}

const refundsAsked = () => testbed.gateway.calls.filter((call) => call.startsWith('refund'));

describe('the rate of the refunds of a show', () => {
  it('is not exceeded in any second', async () => {
    const { scheduleId } = await aShow(23);
    const handle = await shows.cancel(scheduleId, { refundsPerSecond: 4 });

    await handle.result();
    const begun = await beginnings(scheduleId);
    expect(begun).toHaveLength(23);
    expect(mostInASecond(begun)).toBe(4);
  });

  it('can be changed while the cancellation runs', async () => {
    const { scheduleId } = await aShow(40);
    const handle = await shows.cancel(scheduleId, { refundsPerSecond: 1 });

    await shows.adjust(scheduleId, { refundsPerSecond: 20 });

    await handle.result();
    expect(mostInASecond(await beginnings(scheduleId))).toBe(20);
    expect(await shows.find(scheduleId)).toMatchObject({ refundsPerSecond: 20, paused: false });
  }, 90_000);
});

describe('a pause', () => {
  it('lets no more cancellations begin until an operator resumes', async () => {
    const { scheduleId } = await aShow(9);
    const handle = await shows.cancel(scheduleId, { refundsPerSecond: 3 });
    await shows.adjust(scheduleId, { paused: true });
    const before = (await beginnings(scheduleId)).length;
    await eventually(async () => {
      const { counts } = await shows.progress(scheduleId);
      expect(counts.refunded).toBe(before);
    });

    await testbed.temporal.env.sleep(PAUSE_MS);

    expect(await beginnings(scheduleId)).toHaveLength(before);
    expect(before).toBeLessThan(9);
    expect(await shows.find(scheduleId)).toMatchObject({ paused: true, refundsPerSecond: 3 });
    await shows.adjust(scheduleId, { paused: false });
    expect(await handle.result()).toMatchObject({ counts: { refunded: 9 } });
    expect(mostInASecond(await beginnings(scheduleId))).toBe(3);
  });

  itWithSkippedTime('ends automatically if the workflow gets no message that it is over', async () => {
    const { scheduleId } = await aShow(2);
    const handle = await shows.cancel(scheduleId, { paused: true });
    await testbed.temporal.env.sleep('5 minutes');
    expect(await beginnings(scheduleId)).toEqual([]);

    // The API dies after it has written the row, and before it sends the message.
    await createShowCancellationStore(testbed.database.db).adjust(scheduleId, { paused: false });

    expect(await handle.result()).toMatchObject({ counts: { refunded: 2 } });
  });

  it('and a change of the rate at once both take effect, whichever comes first', async () => {
    const { scheduleId } = await aShow(3);
    const handle = await shows.cancel(scheduleId, { refundsPerSecond: 1 });

    await Promise.all([
      shows.adjust(scheduleId, { paused: true }),
      shows.adjust(scheduleId, { refundsPerSecond: 30 }),
    ]);

    expect(await shows.find(scheduleId)).toMatchObject({ paused: true, refundsPerSecond: 30 });
    await shows.adjust(scheduleId, { paused: false });
    await handle.result();
  });
});

describe('each customer is refunded exactly once', () => {
  it('if a page is handled again because its result was lost', async () => {
    const { scheduleId } = await aShow(10);
    let lost = 0;
    testbed.temporal.replaceActivity('startCancellations', (real) => async (page) => {
      const seen = await real(page);
      if ((lost += 1) % 2 === 1) throw new Error('the worker died');
      return seen;
    });

    const handle = await shows.cancel(scheduleId, { refundsPerSecond: 5 });

    expect(await handle.result()).toMatchObject({ counts: { reservations: 10, refunded: 10 } });
    expect(refundsAsked()).toHaveLength(10);
  });

  it('if the workflow was terminated and the show is cancelled again', async () => {
    const { scheduleId } = await aShow(10);
    const first = await shows.cancel(scheduleId, { refundsPerSecond: 2 });
    await eventually(async () => expect(refundsAsked().length).toBeGreaterThan(0));
    await shows.adjust(scheduleId, { refundsPerSecond: 3, paused: true });
    await first.terminate('by mistake');

    const again = await shows.cancel(scheduleId, { refundsPerSecond: 50 });

    expect(await shows.find(scheduleId)).toMatchObject({ refundsPerSecond: 3, paused: true });
    await shows.adjust(scheduleId, { paused: false });
    expect(await again.result()).toMatchObject({ counts: { reservations: 10, refunded: 10 } });
    expect(refundsAsked()).toHaveLength(10);
  });
});
