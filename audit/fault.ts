/** A broken invariant of docs/benchmark.md#the-audit, in words. */
export interface Fault {
  /** Its number there, 1 to 13. */
  invariant: number;
  what: string;
}

export const inWords = ({ invariant, what }: Fault): string => `${invariant}: ${what}`;
