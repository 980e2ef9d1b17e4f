/** A broken invariant of docs/benchmark.md#the-audit, as text. */
export interface Fault {
  /** Its number there, 1 to 13. */
  invariant: number;
  what: string;
}
