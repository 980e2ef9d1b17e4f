import { eventually } from '../../support/eventually';
import { createSale, createUser } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aGrant } from '../../support/steps';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.drop());

describe('A hold and an operator who blocks the same seat', () => {
  it('never both succeed: the hold waits for the block that is being written', async () => {
    const { owner } = fixture.database;
    const { scheduleId, seatId } = await createSale(owner);
    const userId = await createUser(owner);

    const block = await owner.transaction();
    await block('seats').where({ id: seatId }).forUpdate().select('id');
    await block('seats').where({ id: seatId }).update({ blocked: true });
    const refusal = fixture.grant(aGrant({ scheduleId }, userId, [seatId])).catch((error: unknown) => error);
    await eventually(async () => {
      const { rows } = await owner.raw<{ rows: unknown[] }>('SELECT FROM pg_locks WHERE NOT granted');
      expect(rows).not.toEqual([]);
    });
    await block.commit();

    expect(await refusal).toMatchObject({ slug: 'seat-unavailable' });
    expect(await owner('allocations').where({ seat_id: seatId })).toEqual([]);
  });
});
