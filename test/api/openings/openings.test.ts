import { createDrawStore } from '../../../src/db/openings/drawStore';
import { saleOpeningWorkflowId } from '../../../src/contract/openings';
import { announceSale, HOUR_MS } from '../../support/opening';
import { anOperator, aSchedule, type Operator } from '../catalogue/operator';
import { expectProblem, startEdge, type Edge } from '../edge';

const ROOM = { admitPerSecond: 10, maxActive: 100 };
const toOpen = () => ({ saleOpensAt: new Date(Date.now() + HOUR_MS).toISOString() });

let edge: Edge;
let operator: Operator;

beforeAll(async () => {
  edge = await startEdge();
  operator = await anOperator(edge);
});
afterAll(async () => edge.stop());

const planOf = (scheduleId: string) =>
  edge.dependencies.temporal.schedule.getHandle(saleOpeningWorkflowId(scheduleId));

const drawOf = async (scheduleId: string) => createDrawStore(edge.database.db).find(scheduleId);

async function expectPlanned(scheduleId: string): Promise<void> {
  expect(await drawOf(scheduleId)).toMatchObject({ result: null });
  expect((await planOf(scheduleId).describe()).info.nextActionTimes).toHaveLength(1);
  await planOf(scheduleId).delete();
}

describe('the opening of a sale', () => {
  it('is planned for a new schedule with its own room', async () => {
    const { scheduleId } = await operator.addShow(2, { ...toOpen(), waitingRoom: ROOM });
    await expectPlanned(scheduleId);
  });

  it('is planned when a schedule gets its own room before the opening', async () => {
    const { scheduleId } = await operator.addShow(2, toOpen());
    expect(await drawOf(scheduleId)).toBeNull();
    expect((await operator.change(scheduleId, { waitingRoom: ROOM })).status).toBe(200);
    await expectPlanned(scheduleId);
  });

  it('is not planned if the sale is open or has no room', async () => {
    const open = await operator.addShow(2, { waitingRoom: ROOM });
    const roomless = await operator.addShow(2, toOpen());
    expect(await drawOf(open.scheduleId)).toBeNull();
    expect(await drawOf(roomless.scheduleId)).toBeNull();
  });
});

describe('while Temporal is down', () => {
  let cut: Edge;
  let cutOperator: Operator;

  beforeAll(async () => {
    // No process listens on this port.
    cut = await startEdge({ settings: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    cutOperator = await anOperator(cut);
  });
  afterAll(async () => cut.stop());

  it('a sale with a draw cannot be announced, and nothing of it is recorded', async () => {
    const [venueId, concertId] = [await cutOperator.addVenue(2), await cutOperator.addConcert()];
    const reply = await cutOperator.post(
      `/v1/admin/concerts/${concertId}/schedules`,
      aSchedule(venueId, { ...toOpen(), waitingRoom: ROOM }),
    );
    expectProblem(reply, 503, 'temporarily-unavailable');
    expect(await cut.database.owner('schedules').where({ concert_id: concertId })).toEqual([]);
    expect(await cut.database.owner('draws')).toEqual([]);
  });

  it('a schedule cannot get a room before its opening, and stays without one', async () => {
    const { scheduleId } = await cutOperator.addShow(2, toOpen());
    expectProblem(
      await cutOperator.change(scheduleId, { waitingRoom: ROOM }),
      503,
      'temporarily-unavailable',
    );
    expect(await cut.database.owner('schedules').where({ id: scheduleId }).first('waiting_room')).toEqual({
      waiting_room: null,
    });
  });

  it('everything else in the catalogue works', async () => {
    const open = await cutOperator.addShow(2, { waitingRoom: ROOM });
    const planned = await announceSale(cut.database.owner);
    for (const { scheduleId } of [open, planned]) {
      const change = { saleSwitch: 'PAUSED', waitingRoom: { ...ROOM, admitPerSecond: 1 } };
      expect((await cutOperator.change(scheduleId, change)).status).toBe(200);
    }
  });
});
