import { BREAKAGES } from './breakages';
import { copyTree, type BrokenCopy } from './brokenCopy';

/*
 * `npm run breakages`: breaks a copy of the code on purpose, one fault after another. The tests that are named for a
 * fault must fail there, and they must pass on the copy without a fault.
 */
let copy: BrokenCopy;

beforeAll(async () => {
  copy = await copyTree();
});

afterAll(async () => copy?.remove());

const LIMIT_MS = 240_000;
/** All suites that are named, one after the other or two at once. */
const ALL_LIMIT_MS = 45 * 60_000;

const everyTest = [...new Set(BREAKAGES.flatMap(({ tests }) => tests))];
const everySuite = [...new Set(BREAKAGES.map(({ suite }) => suite))];

const each = (names: readonly string[], status: string) =>
  Object.fromEntries(names.map((name) => [name, status]));

describe('the code as it is', () => {
  it(
    'passes every test that is named here',
    async () => {
      const results = await copy.test(everySuite, everyTest, ALL_LIMIT_MS);
      expect(results).toEqual(each(everyTest, 'passed'));
    },
    ALL_LIMIT_MS + LIMIT_MS,
  );
});

describe('a test notices when', () => {
  it.each(BREAKAGES.map((breakage) => [breakage.name, breakage] as const))(
    '%s',
    async (_name, { edits, suite, tests }) => {
      const results = await copy.broken(edits, async () => copy.test([suite], tests, LIMIT_MS));

      expect(results).toEqual(each(tests, 'failed'));
    },
  );
});
