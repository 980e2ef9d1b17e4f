/** Undoes one step. Idempotent, and does nothing where its step never ran. */
type Compensation = (cause: unknown) => Promise<void>;

/** The undo list of a transaction that spans several parts. Register each undo before its step runs. */
export class Saga {
  private readonly compensations: Compensation[] = [];

  beforeStep(compensation: Compensation): void {
    this.compensations.unshift(compensation);
  }

  /** Undoes everything that was registered, newest first. */
  async compensate(cause: unknown): Promise<void> {
    for (const compensation of this.compensations) {
      // One after another: a step is undone before the one that it was built on.
      await compensation(cause);
    }
    this.compensations.length = 0;
  }
}
