import { randomUUID } from 'node:crypto';
import { drawSchema } from '../../../src/api/openings/schema';
import { createDrawStore } from '../../../src/db/openings/drawStore';
import { createSale } from '../../support/factories';
import { announceSale, orderOf, sha256 } from '../../support/opening';
import { expectProblem, startEdge, type Edge } from '../edge';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => edge.stop());

const read = async (scheduleId: string, headers: Record<string, string> = {}) =>
  edge.call('GET', `/v1/schedules/${scheduleId}/draw`, { headers });

describe('GET /v1/schedules/{scheduleId}/draw', () => {
  it('shows only the hash before the draw, and a client may cache it for a second', async () => {
    const { scheduleId, saleOpensAt } = await announceSale(edge.database.owner);
    const { body, headers } = await read(scheduleId);
    expect(drawSchema.parse(body)).toEqual({
      scheduleId,
      status: 'COMMITTED',
      algorithm: body['algorithm'],
      seedHash: body['seedHash'],
      opensAt: saleOpensAt.toISOString(),
    });
    expect(headers.get('Cache-Control')).toBe('public, max-age=1');
  });

  it('shows the seed and the order permanently after the draw, and its earlier hash matches the seed', async () => {
    const { scheduleId } = await announceSale(edge.database.owner);
    const { seedHash } = drawSchema.parse((await read(scheduleId)).body);
    const entries = Array.from({ length: 20 }, () => randomUUID());
    // This process caches the first response for a second, so the test reads the draw of another sale.
    const other = await announceSale(edge.database.owner);
    for (const sale of [scheduleId, other.scheduleId]) {
      await createDrawStore(edge.database.db).record(sale, entries, new Date());
    }

    const { body, headers } = await read(other.scheduleId);
    const draw = drawSchema.parse(body);
    expect(draw.status).toBe('DRAWN');
    expect(draw.entries).toEqual(orderOf(draw.seed ?? '', entries));
    expect(headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
    const later = (await createDrawStore(edge.database.db).find(scheduleId))?.result;
    expect(sha256(later?.seed ?? '')).toBe(seedHash);

    const again = await read(other.scheduleId, { 'If-None-Match': headers.get('ETag') ?? '' });
    expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' });
  });

  it('is 404 for a sale without a draw and for an unknown schedule', async () => {
    const { scheduleId } = await createSale(edge.database.owner);
    expectProblem(await read(scheduleId), 404, 'draw-not-found');
    expectProblem(await read(randomUUID()), 404, 'schedule-not-found');
    expectProblem(await read('no-id'), 400, 'validation-failed');
  });
});
