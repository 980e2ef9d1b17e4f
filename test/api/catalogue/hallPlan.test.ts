import { randomUUID } from 'node:crypto';
import { hallPlanSchema } from '../../../src/api/catalogue/hallPlanSchema';
import { editorPlan } from '../../domain/catalogue/seatingPlan/editorPlan';
import { readHall } from '../../domain/catalogue/seatingPlan/readHall';
import { expectProblem, startEdge, type Edge } from '../edge';
import { anOperator, aSchedule, readSeatMap, type Operator } from './operator';

let edge: Edge;
let operator: Operator;
let scheduleId: string;

beforeAll(async () => {
  edge = await startEdge();
  operator = await anOperator(edge);
  const venue = await operator.post('/v1/admin/venues', { name: 'Room', plan: editorPlan() });
  const prices = { prices: { Front: 2, Back: 1 } };
  const path = `/v1/admin/concerts/${await operator.addConcert()}/schedules`;
  const { body } = await operator.post(path, aSchedule(String(venue.body['venueId']), prices));
  scheduleId = String(body['scheduleId']);
});
afterAll(async () => edge.stop());

const readPlan = async (of = scheduleId, headers: Record<string, string> = {}) =>
  edge.call('GET', `/v1/schedules/${of}/plan`, { headers });

describe('GET /v1/schedules/{scheduleId}/plan', () => {
  it('returns the drawing, and each row with its seats and their guids', async () => {
    const plan = hallPlanSchema.parse((await readPlan()).body);
    const { drawing, seats: planned } = readHall(editorPlan()).hall;
    const { seats } = await readSeatMap(edge, scheduleId);
    expect(plan).toEqual({ ...drawing, scheduleId, version: plan.version, rows: plan.rows });
    expect(plan.rows).toMatchObject(drawing.rows);
    expect(plan.rows.map((row) => row.seats)).toEqual(
      drawing.rows.map((_, place) =>
        planned.flatMap(({ guid, rowPlace }, position) =>
          rowPlace === place ? [{ seatId: seats[position]?.seatId, guid }] : [],
        ),
      ),
    );
  });

  it('responds with 304 for its version, in any encoding, and lets caches keep it', async () => {
    const first = await readPlan();
    const etag = first.headers.get('ETag') ?? '';
    expect(etag).toMatch(/^"/);
    expect(first.headers.get('Cache-Control')).toMatch(/^public, max-age=\d+$/);
    expect((await readPlan(scheduleId, { 'If-None-Match': etag })).status).toBe(304);
    const packed = await fetch(`${edge.url}/v1/schedules/${scheduleId}/plan`, {
      headers: { 'Accept-Encoding': 'gzip' },
    });
    expect(packed.headers.get('Content-Encoding')).toBe('gzip');
    expect(await packed.text()).toBe(first.text);
  });

  it('has one version in every process', async () => {
    const beside = await startEdge({ beside: edge });
    const there = await beside.call('GET', `/v1/schedules/${scheduleId}/plan`);
    await beside.stop();
    expect(there.text).toBe((await readPlan()).text);
  });

  it('responds with 404 for an unknown schedule', async () => {
    expectProblem(await readPlan(randomUUID()), 404, 'schedule-not-found');
  });
});
