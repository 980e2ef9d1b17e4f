/** UNDONE: the step has no effect any more. DONE: the whole transaction had succeeded, so that nothing was undone. */
export type Undoing = 'UNDONE' | 'DONE';

/** Undoes one step. Idempotent, and does nothing where its step never ran. */
type Compensation = (cause: unknown) => Promise<Undoing>;

/** The undo list of a transaction that spans several parts. Register each undo before its step runs. */
export class Saga {
  private readonly compensations: Compensation[] = [];

  beforeStep(compensation: Compensation): void {
    this.compensations.unshift(compensation);
  }

  /**
   * Undoes everything that was registered, newest first, one after another: a step is undone before the one that it
   * was built on.
   *
   * @returns DONE where one of them finds that the transaction had succeeded
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
