/** UNDONE: the step has no effect any more. DONE: the whole transaction had succeeded, so nothing was undone. */
export type Undoing = 'UNDONE' | 'DONE';

/** Undoes one step. It is idempotent, and does nothing if its step never ran. */
type Compensation = (cause: unknown) => Promise<Undoing>;

/** The list of undo steps of a transaction that spans several parts. Register each undo before its step runs. */
export class Saga {
  private readonly compensations: Compensation[] = [];

  beforeStep(compensation: Compensation): void {
    this.compensations.unshift(compensation);
  }

  /**
   * Runs every registered undo, newest first, one after another. So a step is undone before the step that it was built
   * on.
   *
   * @returns DONE if one of them finds that the transaction had succeeded
   */
  async compensate(cause: unknown): Promise<Undoing> {
    let outcome: Undoing = 'UNDONE';
    for (const compensation of this.compensations) {
      if ((await compensation(cause)) === 'DONE') outcome = 'DONE';
    }
    this.compensations.length = 0;
    return outcome;
  }
}
