import { randomUUID } from 'node:crypto';
import { PERIODIC_WORKFLOWS } from '../../src/worker/temporalSchedules';
import { temporalScheduleId } from '../../src/contract/operations';
import { eventually } from '../support/eventually';
import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus } from './client';
import { aPlan, aSchedule, BOOKING_FEE, expectHold, fromNow, PRICES, R_TOTAL } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

const patch = (scheduleId: string, body: object) =>
  service.operator.call('PATCH', `/v1/admin/schedules/${scheduleId}`, { body });

describe('The calls of operators', () => {
  it.each([
    ['POST', '/v1/admin/staff'],
    ['POST', '/v1/admin/venues'],
    ['POST', '/v1/admin/concerts'],
    ['POST', `/v1/admin/concerts/${randomUUID()}/schedules`],
    ['PATCH', `/v1/admin/schedules/${randomUUID()}`],
    ['GET', `/v1/admin/reservations/${randomUUID()}`],
    ['POST', `/v1/admin/schedules/${randomUUID()}/cancellation`],
    ['GET', `/v1/admin/schedules/${randomUUID()}/cancellation`],
    ['PATCH', `/v1/admin/schedules/${randomUUID()}/cancellation`],
  ])('%s %s is 401 without a login and 403 for other users', async (method, path) => {
    const user = await service.client.join();
    const options = method === 'GET' ? {} : { body: {} };

    expectProblem(await service.client.call(method, path, options), 401, 'unauthenticated');
    expectProblem(await user.call(method, path, options), 403, 'forbidden');
  });
});

describe('POST /v1/admin/venues', () => {
  it('creates a venue from a plan as the editor writes it', async () => {
    const plan = aPlan({ seats: 3, vipSeats: 2 });
    const reply = await service.operator.post('/v1/admin/venues', { name: 'Club', plan });

    expect(expectAnswer(reply, 201, contract.venue).seats).toBe(5);
  });

  it('responds with 400 and every error in a plan, each with its path', async () => {
    const good = aPlan({ seats: 2 });
    const [zone] = good.zones;
    const [row] = zone?.rows ?? [];
    const [seat] = row?.seats ?? [];
    const plan = {
      ...good,
      zones: [
        {
          ...zone,
          rows: [
            {
              ...row,
              seats: [
                { ...seat, category: 'Gold' },
                { ...seat, position: { x: 'left', y: 0 } },
              ],
            },
          ],
        },
      ],
    };

    const reply = await service.operator.post('/v1/admin/venues', { name: '', plan });

    const { errors } = expectAnswer(reply, 400, contract.validationProblem);
    const paths = errors.map((error) => error.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'name',
        'plan.zones.0.rows.0.seats.0.category',
        'plan.zones.0.rows.0.seats.1.position.x',
        'plan.zones.0.rows.0.seats.1.seat_guid',
      ]),
    );
  });
});

describe('POST /v1/admin/concerts', () => {
  it('creates a concert that the public can find', async () => {
    const made = await service.operator.post('/v1/admin/concerts', { title: '아리랑', artist: 'Ensemble' });
    const { concertId } = expectAnswer(made, 201, contract.newConcert);

    const found = await service.client.call('GET', `/v1/concerts/${concertId}`);
    expect(expectAnswer(found, 200, contract.concertDetail).title).toBe('아리랑');
  });

  it('responds with 400 without title and artist, and names both', async () => {
    const reply = await service.operator.post('/v1/admin/concerts', {});

    const { errors } = expectAnswer(reply, 400, contract.validationProblem);
    expect(errors.map((error) => error.path).toSorted()).toEqual(['artist', 'title']);
  });
});

describe('POST /v1/admin/concerts/{concertId}/schedules', () => {
  it('creates a schedule; the defaults are a fee of 2,000 and 4 seats per user', async () => {
    const { venueId, concertId } = await service.openSale();
    const body = aSchedule(venueId);
    const reply = await service.operator.post(`/v1/admin/concerts/${concertId}/schedules`, body);

    expect(expectAnswer(reply, 201, contract.operatorsSchedule)).toMatchObject({
      startsAt: body.startsAt,
      saleStatus: 'OPEN',
      seatsTotal: 4,
      seatsAvailable: 4,
      maxSeatsPerUser: 4,
      waitingRoom: null,
      bookingFee: 2_000,
    });
  });

  it.each([
    ['a category without a price', { prices: {} }],
    ['a price for a category that has no seats', { prices: { R: 1, VIP: 2 } }],
    ['a price below zero', { prices: { R: -1 } }],
    ['a close before the opening', { saleOpensAt: fromNow(3_600_000), saleClosesAt: fromNow(60_000) }],
    ['a limit of no seats', { maxSeatsPerUser: 0 }],
    ['an invalid time', { startsAt: 'tomorrow' }],
  ])('responds with 400 for %s', async (_, change) => {
    const { venueId, concertId } = await service.openSale();
    const path = `/v1/admin/concerts/${concertId}/schedules`;
    const reply = await service.operator.post(path, { ...aSchedule(venueId), ...change });

    expectProblem(reply, 400, 'validation-failed');
    expectAnswer(reply, 400, contract.validationProblem);
  });

  it('responds with 404 for an unknown concert and an unknown venue', async () => {
    const { venueId, concertId } = await service.openSale();
    const post = (concert: string, venue: string) =>
      service.operator.post(`/v1/admin/concerts/${concert}/schedules`, aSchedule(venue));

    expectProblem(await post(randomUUID(), venueId), 404, 'concert-not-found');
    expectProblem(await post(concertId, randomUUID()), 404, 'venue-not-found');
  });
});

describe('PATCH /v1/admin/schedules/{scheduleId}', () => {
  it('pauses, resumes and closes the sale', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const holdAfter = async (saleSwitch: string) => {
      expectStatus(await patch(scheduleId, { saleSwitch }), 200);
      // A change by an operator reaches every process within a second.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return user.hold(seatIds.slice(0, 1));
    };

    expectProblem(await holdAfter('PAUSED'), 403, 'sale-not-open');
    const resumed = expectAnswer(await holdAfter('OPEN'), 201, contract.hold);
    expectStatus(await user.release(resumed.reservationId), 204);
    expectProblem(await holdAfter('CLOSED'), 403, 'sale-not-open');
  });

  it('changes the rate of the waiting room', async () => {
    const { scheduleId } = await service.openSale({ waitingRoom: { admitPerSecond: 1, maxActive: 10 } });
    const waitingRoom = { admitPerSecond: 20, maxActive: 500 };

    const reply = await patch(scheduleId, { waitingRoom });
    expect(expectAnswer(reply, 200, contract.operatorsSchedule).waitingRoom).toEqual(waitingRoom);
  });

  it('blocks all the named seats or none: 409 for a held seat, 404 for an unknown seat', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const [held = '', free = ''] = seatIds;
    await expectHold(user, [held]);

    expectProblem(await patch(scheduleId, { blockSeatIds: [held, free] }), 409, 'seat-unavailable', {
      unavailableSeatIds: [held],
    });
    expectProblem(await patch(scheduleId, { blockSeatIds: [free, randomUUID()] }), 404, 'seat-not-found');
    await expectHold(user, [free]);
  });

  it('responds with 404 schedule-not-found, and with 400 for unknown values and fields', async () => {
    const { scheduleId } = await service.openSale();

    expectProblem(await patch(randomUUID(), { saleSwitch: 'PAUSED' }), 404, 'schedule-not-found');
    expectProblem(await patch(scheduleId, { saleSwitch: 'MAYBE' }), 400, 'validation-failed');
    expectProblem(await patch(scheduleId, { price: 1 }), 400, 'validation-failed');
  });
});

describe('GET /v1/admin/reservations/{reservationId}', () => {
  it('shows seats, money, timeline and a link to a workflow that exists', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
    const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
    await user.pay(reservationId, { points: 20_000, paymentKey: 'sandbox:decline' });
    expectAnswer(await user.pay(reservationId, { points: 20_000 }), 200, contract.paid);

    const reply = await service.operator.get(`/v1/admin/reservations/${reservationId}`);

    const page = expectAnswer(reply, 200, contract.adminReservation);
    expect(page).toMatchObject({ reservationId, status: 'CONFIRMED', seats: [{ seatId: seatIds[0] }] });
    const sumOf = (account: string) =>
      page.ledger.filter((line) => line.account === account).reduce((sum, line) => sum + line.amount, 0);
    expect(sumOf('house:revenue')).toBe(PRICES.R);
    expect(sumOf('house:booking-fees')).toBe(BOOKING_FEE);
    expect(sumOf('gateway:clearing:sandbox')).toBe(20_000 - R_TOTAL);
    const times = page.timeline.map((event) => event.at);
    expect(times).toEqual(times.toSorted());
    expect(page.workflow.url).toContain(page.workflow.workflowId);
    const { status } = await service.temporal.workflow.getHandle(page.workflow.workflowId).describe();
    expect(status.name).toBe('COMPLETED');
  });

  it('responds with 404 reservation-not-found', async () => {
    const reply = await service.operator.get(`/v1/admin/reservations/${randomUUID()}`);

    expectProblem(reply, 404, 'reservation-not-found');
  });
});

describe('Scheduled workflows', () => {
  it.each(PERIODIC_WORKFLOWS.map(({ workflow }) => workflow))(
    'include %s once the service has started',
    async (workflow) => {
      const { temporal, stack } = service;
      const schedule = temporal.schedule.getHandle(temporalScheduleId(workflow, stack.temporal.taskQueue));

      const { info } = await eventually(async () => schedule.describe());

      expect(info.nextActionTimes.length).toBeGreaterThan(0);
    },
  );
});
