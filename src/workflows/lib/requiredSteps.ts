import {
  condition,
  defineSignal,
  getCurrentDetails,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { permanentFailureOf } from './failures';
import { RETRY_SIGNAL } from '../../contract/operations';
import { STUCK_STEP } from '../../contract/searchAttributes';

export const retrySignal = defineSignal(RETRY_SIGNAL);

/**
 * The steps of one workflow that must happen, because money has moved or seats wait for it. A step that cannot succeed
 * until its cause is fixed is stuck. The workflow does not try it again, and loses nothing that was done. It waits
 * until an operator has fixed the cause and sends the signal `retry`. Operators find it by the search attribute
 * `StuckStep`.
 *
 * An operator may also terminate the workflow. The sweep then starts another one, which continues from the rows.
 */
export class RequiredSteps {
  private retries = 0;
  private readonly stuck = new Set<string>();

  constructor() {
    setHandler(retrySignal, () => this.retry(), {
      description: 'The cause of a stuck step is fixed: run the step again',
    });
  }

  get areStuck(): boolean {
    return this.stuck.size > 0;
  }

  /** Runs every stuck step again. */
  retry(): void {
    this.retries += 1;
    this.stuck.clear();
  }

  /** Runs a step until it has succeeded. @throws {ApplicationFailure} its refusal */
  async complete<Result>(step: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const heard = this.retries;
      try {
        return await step();
      } catch (error) {
        const failure = permanentFailureOf(error);
        if (!failure) throw error;
        await this.waitForOperator(failure.activity, failure.message, heard);
      }
    }
  }

  private async waitForOperator(activity: string, message: string, heard: number): Promise<void> {
    const details = getCurrentDetails();
    this.stuck.add(activity);
    setCurrentDetails(`Stuck at ${message}. Fix the cause, then send the signal ${RETRY_SIGNAL}.`);
    this.show();
    await condition(() => this.retries > heard);
    setCurrentDetails(details);
    this.show();
  }

  private show(): void {
    const [step = null] = this.stuck;
    upsertSearchAttributes([{ key: STUCK_STEP, value: step }]);
  }
}
