/** Bytes 0 to 3 are a counter. It is odd while the code of a workflow runs. The id of its run follows. */
const RUN_ID_AT = 4;
/** The length of a UUID. */
const RUN_ID_LENGTH = 36;

/**
 * Memory that a workflow thread shares with the main thread. It names the workflow that the thread runs now, also if the
 * thread responds to no message any more.
 */
export class ThreadActivity {
  readonly #count: Int32Array;
  readonly #runId: Uint8Array;

  constructor(readonly memory = new SharedArrayBuffer(RUN_ID_AT + RUN_ID_LENGTH)) {
    this.#count = new Int32Array(memory, 0, 1);
    this.#runId = new Uint8Array(memory, RUN_ID_AT, RUN_ID_LENGTH);
  }

  begin(runId: string): void {
    this.#runId.set(Buffer.from(runId.padEnd(RUN_ID_LENGTH), 'latin1').subarray(0, RUN_ID_LENGTH));
    Atomics.add(this.#count, 0, 1);
  }

  end(): void {
    Atomics.add(this.#count, 0, 1);
  }

  /** The run whose code runs now; null if none does. Two calls into a workflow have different numbers. */
  current(): { number: number; runId: string } | null {
    const number = Atomics.load(this.#count, 0);
    return number % 2 === 0 ? null : { number, runId: Buffer.from(this.#runId).toString('latin1').trimEnd() };
  }
}
