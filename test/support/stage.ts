import { TIME } from './durations';
import { layGround, type Ground } from './ground';
import { startWorkflowHarness, type WorkflowHarness } from './workflowHarness';

export interface Stage extends Ground {
  temporal: WorkflowHarness;
}

/** The ground, and a Temporal with a worker. */
export async function buildStage(time: 'skipped' | 'real' = TIME): Promise<Stage> {
  const ground = await layGround();
  const temporal = await startWorkflowHarness(ground, time);
  return {
    ...ground,
    temporal,
    async grant(hold) {
      // Such holds begin now, even if time was skipped.
      await temporal.useRealClock();
      return ground.grant(hold);
    },
    async endTest() {
      temporal.restoreActivities();
      await ground.endTest();
    },
    async drop() {
      await temporal.stop();
      await ground.drop();
    },
  };
}
