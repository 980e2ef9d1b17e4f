/** A broken invariant of docs/benchmark.md#the-audit, in words. */
export interface Fault {
  invariant: 1 | 2 | 3 | 4 | 5 | 9 | 10;
  what: string;
}
