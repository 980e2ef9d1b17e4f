import { defaultPayloadConverter } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { TOP_UP_WORKFLOW } from '../../src/contract/ledger';
import { testEnvironment } from '../support/environment';
import { installQuietTemporal } from '../support/quietTemporal';
import { ENDINGS } from './endings';
import { readHistory, storedNames, type History } from './histories';

beforeAll(installQuietTemporal);

/** @throws if the current workflow code does not do what the history says */
async function replay(history: History): Promise<void> {
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: testEnvironment('TEST_WORKFLOW_BUNDLE') } },
    history,
  );
}

/** The result of the workflow at the end of a history. */
function resultOf({ events }: History): unknown {
  const payload = events?.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload(payload) : null;
}

describe('every way in which a workflow can end', () => {
  it('has a stored history', async () => {
    expect(await storedNames()).toEqual(expect.arrayContaining(Object.keys(ENDINGS)));
  });

  it.each(Object.entries(ENDINGS))(
    '%s: its history ends with this status, and replays',
    async (name, { status }) => {
      const history = await readHistory(name);

      expect(resultOf(history)).toMatchObject({ status });
      await expect(replay(history)).resolves.toBeUndefined();
    },
  );

  it.each([
    'CONFIRMED',
    'EXPIRED',
    'RELEASED',
    'REFUSED',
    'SUCCEEDED',
    'FAILED',
    'CANCELLED',
    'DONE',
    'SOLD',
    'LEFT',
    'GIVEN_BACK',
    'UNKNOWN',
    'OPENED',
    'NOTHING_TO_DRAW',
    'NOT_REQUESTED',
  ])('%s is among them', (status) => {
    expect(Object.values(ENDINGS).map((ending) => ending.status)).toContain(status);
  });
});

describe('a stored history', () => {
  it('of a removed ending also replays', async () => {
    const retired = (await storedNames()).filter((name) => !(name in ENDINGS));

    await expect(
      Promise.all(retired.map(async (name) => replay(await readHistory(name)))),
    ).resolves.toBeDefined();
  });

  it('of other code does not replay', async () => {
    const history = await readHistory('reservation-confirmed');
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    Object.assign(started ?? {}, { workflowType: { name: TOP_UP_WORKFLOW } });

    await expect(replay(history)).rejects.toMatchObject({ name: 'DeterminismViolationError' });
  });
});
