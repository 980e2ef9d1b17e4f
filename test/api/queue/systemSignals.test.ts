import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { createSystemSignals, readBacklog } from '../../../src/api/queue/systemSignals';
import { testEnvironment } from '../../support/environment';
import { eventually } from '../../support/eventually';

let connection: Connection;
let temporal: Client;
beforeAll(async () => {
  connection = await Connection.connect({ address: testEnvironment('TEST_TEMPORAL_ADDRESS') });
  temporal = new Client({ connection });
});
afterAll(async () => connection.close());

describe('the backlog of workflow tasks', () => {
  it('is as old as the first task that no worker has taken', async () => {
    const taskQueue = `nobody-${randomUUID()}`;
    expect(await readBacklog(temporal, taskQueue)).toBe(0);
    const waiting = await temporal.workflow.start('reservation', { taskQueue, workflowId: randomUUID() });
    try {
      await eventually(async () => expect(await readBacklog(temporal, taskQueue)).toBeGreaterThan(0.5));
    } finally {
      await waiting.terminate();
    }
  });

  it('is unknown if Temporal does not respond, and the figures of the holds remain', async () => {
    const away = Connection.lazy({ address: '127.0.0.1:1' });
    try {
      const figures = { perSecond: 1, milliseconds: 40, failedShare: 0 };
      const signals = createSystemSignals({
        holds: { recent: async () => Promise.resolve(figures) },
        temporal: new Client({ connection: away }),
        taskQueue: 'any',
      });
      expect(await signals()).toEqual({ holds: figures, backlogSeconds: null });
    } finally {
      await away.close();
    }
  });
});
