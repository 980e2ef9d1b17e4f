import { randomUUID } from 'node:crypto';
import { SALE_OPENING_WORKFLOW, saleOpeningWorkflowId } from '../../src/contract/openings';
import type { saleOpening } from '../../src/workflows';
import { announceSale } from '../support/opening';
import type { Testbed } from '../support/testbed';
import type { Ending } from './ending';

const SOON_MS = 500;

export const SALE_OPENING_ENDINGS: Record<string, Ending> = {
  'sale-opening-opened': {
    status: 'OPENED',
    async play(testbed) {
      const saleOpensAt = new Date(Date.now() + SOON_MS);
      const { scheduleId } = await announceSale(testbed.database.owner, { saleOpensAt });
      return start(testbed, scheduleId);
    },
  },
  'sale-opening-opened-late-with-steps-failing-for-a-while': {
    status: 'OPENED',
    async play(testbed) {
      let failures = 0;
      testbed.temporal.replaceActivity('lineUp', (real) => async (scheduleId) => {
        if ((failures += 1) <= 5) throw new Error('Redis is away');
        return real(scheduleId);
      });
      const saleOpensAt = new Date(Date.now() - SOON_MS);
      const { scheduleId } = await announceSale(testbed.database.owner, { saleOpensAt });
      return start(testbed, scheduleId);
    },
  },
  'sale-opening-with-nothing-to-draw': {
    status: 'NOTHING_TO_DRAW',
    play: async (testbed) => start(testbed, randomUUID()),
  },
  'sale-opening-opened-although-it-was-announced-late': {
    status: 'OPENED',
    async play(testbed) {
      let looks = 0;
      testbed.temporal.replaceActivity('readOpening', (real) => async (scheduleId) => {
        looks += 1;
        return looks === 1 ? null : real(scheduleId);
      });
      const { scheduleId } = await announceSale(testbed.database.owner, { saleOpensAt: new Date() });
      return start(testbed, scheduleId);
    },
  },
};

async function start(testbed: Testbed, scheduleId: string): Promise<string> {
  const { workflowId } = await testbed.temporal.env.client.workflow.start<typeof saleOpening>(
    SALE_OPENING_WORKFLOW,
    {
      workflowId: saleOpeningWorkflowId(scheduleId),
      taskQueue: testbed.temporal.taskQueue,
      args: [{ scheduleId }],
    },
  );
  return workflowId;
}
