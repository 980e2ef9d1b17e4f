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
 * The steps of one workflow that must happen, because money has moved or seats wait for it. One that can never succeed as
 * things are is stuck: it is not tried again, and nothing that was done is lost, until an operator has mended its cause
 * and sends the signal `retry`. Operators find it by the search attribute `StuckStep`.
 *
 * An operator may terminate the workflow as well: the sweep then starts another one, which goes on from the rows.
 */
export class Duties {
  private words = 0;
  private readonly stuck = new Set<string>();

  constructor() {
    setHandler(retrySignal, () => this.retry(), {
      description: 'The cause of a stuck step is mended: run it again',
    });
  }

  get areStuck(): boolean {
    return this.stuck.size > 0;
  }

  /** Runs every stuck step again. */
  retry(): void {
    this.words += 1;
    this.stuck.clear();
  }

  /** Runs a step until it has succeeded. @throws {ApplicationFailure} its refusal */
  async fulfil<Result>(step: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const heard = this.words;
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
    setCurrentDetails(`Stuck at ${message}. Mend the cause, then send the signal ${RETRY_SIGNAL}.`);
    this.show();
    await condition(() => this.words > heard);
    setCurrentDetails(details);
    this.show();
  }

  private show(): void {
    const [step = null] = this.stuck;
    upsertSearchAttributes([{ key: STUCK_STEP, value: step }]);
  }
}
