/** A deliberate fault, and the tests that must notice it. */
export interface Breakage {
  /** What is broken, in words. */
  name: string;
  /** Each `find` stands once in its file. */
  edits: { file: string; find: string; replace: string }[];
  /** The file of the tests. */
  suite: string;
  /** Full names: those of the `describe` and the `it`. */
  tests: string[];
}
