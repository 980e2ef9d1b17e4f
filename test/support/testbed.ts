import { TIME } from './durations';
import { createFixture, type Fixture } from './fixture';
import { startWorkflowHarness, type WorkflowHarness } from './workflowHarness';

export interface Testbed extends Fixture {
  temporal: WorkflowHarness;
}

/** The fixture, and a Temporal with a worker. */
export async function createTestbed(time: 'skipped' | 'real' = TIME): Promise<Testbed> {
  const fixture = await createFixture();
  const temporal = await startWorkflowHarness(fixture, time);
  return {
    ...fixture,
    temporal,
    async grant(hold) {
      // Such holds begin now, even if time was skipped.
      await temporal.useRealClock();
      return fixture.grant(hold);
    },
    async endTest() {
      temporal.restoreActivities();
      await fixture.endTest();
    },
    async drop() {
      await temporal.stop();
      await fixture.drop();
    },
  };
}
