/** A deliberate fault, and the tests that must notice it. */
export interface Breakage {
  /** The fault in words. It completes the sentence "a test notices when …". */
  name: string;
  /** Each `find` must be in its file exactly once. */
  edits: { file: string; find: string; replace: string }[];
  /** The file of the tests. */
  suite: string;
  /** Full names: the name of the `describe` and of the `it`. */
  tests: string[];
}
