import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { newVenueSchema, venueSchema } from '../../../src/api/catalogue/venues/schema';
import { editorPlan } from '../../domain/catalogue/seatingPlan/editorPlan';
import { readHall } from '../../domain/catalogue/seatingPlan/readHall';
import { anOperator, aSchedule, readSeatMap, rowPlan, type Operator } from './operator';
import { expectProblem, startEdge, type Edge } from '../edge';
import { stadium } from './stadium';

/** Plans as people have drawn them. */
const PLANS = path.resolve(__dirname, '../../domain/catalogue/seatingPlan/plans');

let edge: Edge;
let operator: Operator;

beforeAll(async () => {
  edge = await startEdge();
  operator = await anOperator(edge);
});
afterAll(async () => edge.stop());

const addVenue = async (body: object, headers?: Record<string, string>) =>
  operator.post('/v1/admin/venues', body, headers);

const pathsOf = (body: Record<string, unknown>, member: string) =>
  Array.isArray(body[member]) ? body[member].map((fault: { path: string }) => fault.path) : [];

describe('POST /v1/admin/venues', () => {
  it('accepts a plan as the pretix editor writes it and counts its seats', async () => {
    const { status, body } = await addVenue({ name: 'Room', plan: editorPlan() });
    expect(status).toBe(201);
    expect(body).toMatchObject({ seats: 4, warnings: [] });
  });

  it('documents the plan that it accepts', () => {
    expect(newVenueSchema.parse({ name: 'Room', plan: editorPlan() }).plan).toEqual(editorPlan());
  });

  it('lists every error with its path', async () => {
    const plan = {
      name: 'Row',
      categories: [{ color: 'red' }],
      zones: [{ rows: [{ row_number: 7, seats: [] }] }],
    };
    const reply = await addVenue({ plan, extra: 1, stage: { x: 1 } });
    expectProblem(reply, 400, 'validation-failed');
    expect(pathsOf(reply.body, 'errors').toSorted()).toEqual([
      'extra',
      'name',
      'plan.categories.0.name',
      'plan.zones',
      'plan.zones.0.position',
      'plan.zones.0.rows.0.row_number',
      'stage.y',
    ]);
  });

  it.each([[{}], [{ name: 'Room' }], [{ name: 'Room', plan: null }], [{ name: 'Room', plan: [] }]])(
    'rejects a body that is not a venue: %j',
    async (body) => {
      const reply = await addVenue(body);
      expectProblem(reply, 400, 'validation-failed');
      expect(pathsOf(reply.body, 'errors')).toContain('plan');
    },
  );

  it('warns of seats with the same labels and of an unknown stage', async () => {
    const plan = rowPlan(2);
    const [zone] = plan.zones;
    const twins = { ...plan, zones: [zone, { ...zone, rows: again(zone?.rows ?? []) }] };
    const { status, body } = await addVenue({ name: 'Room', plan: twins });
    expect(status).toBe(201);
    expect(body['stage']).toBeNull();
    expect(pathsOf(body, 'warnings')).toEqual([
      'stage',
      'plan.zones.1.rows.0.seats.0',
      'plan.zones.1.rows.0.seats.1',
    ]);
  });

  it('uses the stage that the operator gives', async () => {
    const stage = { x: 40, y: -20.5 };
    const { body } = await addVenue({ name: 'Room', plan: rowPlan(2), stage });
    expect(body).toMatchObject({ stage, warnings: [] });
  });

  it('accepts the time zone in which days before a show are counted, if it exists', async () => {
    const plan = rowPlan(1);
    const known = { name: 'Hall', timeZone: 'America/New_York', plan };
    expect((await addVenue(known)).status).toBe(201);
    const reply = await addVenue({ ...known, timeZone: 'Mars/Olympus' });
    expectProblem(reply, 400, 'validation-failed');
    expect(pathsOf(reply.body, 'errors')).toEqual(['timeZone']);
  });

  it.each(readdirSync(PLANS))('accepts a plan from practice and sells its seats: %s', async (file) => {
    const plan: unknown = JSON.parse(readFileSync(path.join(PLANS, file), 'utf8'));
    const { status, body } = await addVenue({ name: file, plan });
    expect(status).toBe(201);
    const { hall } = readHall(plan);
    const [first] = hall.seats;
    const schedules = `/v1/admin/concerts/${await operator.addConcert()}/schedules`;
    const prices = { [first?.category ?? '']: 1_000 };
    const schedule = await operator.post(schedules, aSchedule(String(body['venueId']), { prices }));
    expect(schedule.status).toBe(201);
    const { seats } = await readSeatMap(edge, String(schedule.body['scheduleId']));
    expect(seats).toMatchObject(
      hall.seats.map(({ zone, row, number, category, x, y }) => ({
        zone,
        row,
        number,
        grade: category,
        x,
        y,
        status: category === first?.category ? 'AVAILABLE' : 'BLOCKED',
      })),
    );
  });

  it('accepts a stadium as the editor exports it, indented, and sells its seats', async () => {
    const bytes = stadium(120_000, '    ');
    expect(bytes.length).toBeGreaterThan(50_000_000);
    const headers = { Authorization: `Bearer ${operator.token}`, 'Content-Type': 'application/json' };
    const reply = await fetch(`${edge.url}/v1/admin/venues`, { method: 'POST', headers, body: bytes });
    expect(reply.status).toBe(201);
    const venue = venueSchema.parse(await reply.json());
    expect(venue).toMatchObject({ seats: 120_000 });

    const schedules = `/v1/admin/concerts/${await operator.addConcert()}/schedules`;
    const schedule = await operator.post(schedules, aSchedule(venue.venueId, { prices: { R석: 1_000 } }));
    expect(schedule.body).toMatchObject({ seatsTotal: 120_000, seatsAvailable: 120_000 });
    const plan = await edge.call('GET', `/v1/schedules/${String(schedule.body['scheduleId'])}/plan`);
    expect(plan.status).toBe(200);
    expect(plan.text.split('"seatId"')).toHaveLength(120_001);
  }, 300_000);

  it('rejects 200,000 empty zones and 16 MB of brackets in a row', async () => {
    const zones = Array.from({ length: 200_000 }, () => ({}));
    const empty = await addVenue({ name: 'x', plan: { name: 'x', categories: [], zones } });
    expectProblem(empty, 400, 'validation-failed');
    expect(empty.body['errors']).toEqual([
      { path: 'plan.zones', message: 'At most 2000 zones; the plan has 200000' },
    ]);
    const deep = await edge.call('POST', '/v1/admin/venues', {
      token: operator.token,
      body: '['.repeat(16 * 1024 * 1024),
    });
    expectProblem(deep, 400, 'validation-failed');
    expect(deep.body['errors']).toEqual([{ path: '', message: 'Nested more than 64 deep' }]);
  });

  it.each(['A\0B', 'A\u{D83C}B'])(
    'rejects text that Postgres cannot store, at each path: %j',
    async (text) => {
      const { zones, ...plan } = rowPlan(2);
      const [zone] = zones;
      const rows = zone?.rows.map((row) => Object.assign({ ...row }, { row_number: text }));
      const body = { name: text, plan: { ...plan, zones: [{ ...zone, rows }], extra: { caption: [text] } } };
      const reply = await addVenue(body);
      expectProblem(reply, 400, 'validation-failed');
      expect(pathsOf(reply.body, 'errors').toSorted()).toEqual([
        'name',
        'plan.extra.caption.0',
        'plan.zones.0.rows.0.row_number',
      ]);
    },
  );

  it('lists at most a hundred errors', async () => {
    const seats = Array.from({ length: 10_000 }, () => ({}));
    const zones = [{ position: { x: 0, y: 0 }, rows: [{ row_number: '1', seats }] }];
    const reply = await addVenue({ plan: { name: 'x', categories: [{ name: 'A' }], zones } });
    expectProblem(reply, 400, 'validation-failed');
    expect(reply.body['errors']).toHaveLength(100);
  });

  it.each([
    ['invalid JSON', '{', 400, 'malformed-json'],
    ['an empty body', '', 400, 'malformed-json'],
    ['text that Postgres cannot store', '{"name":"A\\u0000B"}', 400, 'validation-failed'],
  ])('rejects %s', async (_, body, status, slug) => {
    expectProblem(await edge.call('POST', '/v1/admin/venues', { token: operator.token, body }), status, slug);
  });

  it('gives the same response and one venue for the same Idempotency-Key; another body is 422', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const venue = { name: `Once ${randomUUID()}`, plan: rowPlan(2) };
    const first = await addVenue(venue, headers);
    expect((await addVenue(venue, headers)).body).toEqual(first.body);
    expect(await edge.database.owner('venues').where({ name: venue.name })).toHaveLength(1);
    expect(await edge.database.owner('venue_seats').where({ venue_id: first.body['venueId'] })).toHaveLength(
      2,
    );
    expectProblem(await addVenue({ ...venue, plan: rowPlan(3) }, headers), 422, 'idempotency-key-reused');
    expectProblem(await addVenue({ ...venue, plan: {} }, headers), 422, 'idempotency-key-reused');
  });
});

/** The same rows with other seats. */
function again(rows: ReturnType<typeof rowPlan>['zones'][number]['rows']) {
  return rows.map((row) => ({
    ...row,
    seats: row.seats.map((seat) => Object.assign({ ...seat }, { seat_guid: `again ${seat.seat_guid}` })),
  }));
}
