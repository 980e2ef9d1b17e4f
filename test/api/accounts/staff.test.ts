import { randomUUID } from 'node:crypto';
import { anOperator, type Operator } from '../catalogue/operator';
import { expectProblem, logIn, startEdge, type Edge, type Reply } from '../edge';

let edge: Edge;
let operator: Operator;

beforeAll(async () => {
  edge = await startEdge();
  operator = await anOperator(edge);
});
afterAll(async () => edge.stop());

const hire = async (more: object = {}): Promise<Reply> =>
  operator.post('/v1/admin/staff', {
    id: `gate-${randomUUID()}`,
    password: `a gate of ${randomUUID()}`,
    role: 'STAFF',
    ...more,
  });

async function assignments(userId: unknown, body?: object): Promise<Reply> {
  const { token } = operator;
  return edge.call(body ? 'PUT' : 'GET', `/v1/admin/staff/${String(userId)}/assignments`, { token, body });
}

describe('the venues and schedules of staff', () => {
  it('are set when the account is created, and can be replaced later', async () => {
    const [venueId, { scheduleId }] = [await operator.addVenue(2), await operator.addShow(2)];
    const hired = await hire({ venueIds: [venueId], scheduleIds: [scheduleId] });
    expect(hired.status).toBe(201);
    const { userId } = hired.body;
    expect((await assignments(userId)).body).toEqual({
      userId,
      venueIds: [venueId],
      scheduleIds: [scheduleId],
    });
    const changed = await assignments(userId, { venueIds: [venueId, venueId] });
    expect(changed.body).toEqual({ userId, venueIds: [venueId], scheduleIds: [] });
    expect((await assignments(userId, {})).body).toEqual({ userId, venueIds: [], scheduleIds: [] });
  });

  it('are empty by default', async () => {
    const { userId } = (await hire()).body;
    expect((await assignments(userId)).body).toEqual({ userId, venueIds: [], scheduleIds: [] });
  });

  it('must exist; otherwise neither the account nor the change is stored', async () => {
    const id = `gate-${randomUUID()}`;
    expectProblem(await hire({ id, venueIds: [randomUUID()] }), 404, 'venue-not-found');
    expect(await edge.database.owner('users').where({ login: id })).toEqual([]);
    const venueId = await operator.addVenue(2);
    const { userId } = (await hire({ venueIds: [venueId] })).body;
    const change = { venueIds: [], scheduleIds: [randomUUID()] };
    expectProblem(await assignments(userId, change), 404, 'schedule-not-found');
    expect((await assignments(userId)).body['venueIds']).toEqual([venueId]);
  });

  it('are not possible for operators or for accounts that are not staff', async () => {
    const venueIds = [await operator.addVenue(2)];
    expectProblem(await hire({ role: 'OPERATOR', venueIds }), 400, 'validation-failed');
    const [{ userId }, { body: chief }] = [await logIn(edge), await hire({ role: 'OPERATOR' })];
    for (const other of [userId, chief['userId'], randomUUID()]) {
      expectProblem(await assignments(other, { venueIds }), 404, 'account-not-found');
      expectProblem(await assignments(other), 404, 'account-not-found');
    }
  });

  it('are those of one change after many changes at once', async () => {
    const venues = await Promise.all([1, 2, 3].map(async () => operator.addVenue(2)));
    const { userId } = (await hire()).body;
    await Promise.all(venues.map(async (venueId) => assignments(userId, { venueIds: [venueId] })));
    expect((await assignments(userId)).body['venueIds']).toHaveLength(1);
  });

  it('can be read and changed only by operators', async () => {
    const { userId } = (await hire()).body;
    const { accessToken: token } = await logIn(edge);
    const path = `/v1/admin/staff/${String(userId)}/assignments`;
    expectProblem(await edge.call('GET', path, { token }), 403, 'forbidden');
    expectProblem(await edge.call('PUT', path, { token, body: {} }), 403, 'forbidden');
  });
});
