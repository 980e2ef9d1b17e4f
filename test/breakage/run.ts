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

const everyTest = [...new Set(BREAKAGES.flatMap(({ tests }) => tests))];
const everySuite = [...new Set(BREAKAGES.map(({ suite }) => suite))];

const each = (names: readonly string[], status: string) =>
  Object.fromEntries(names.map((name) => [name, status]));

describe('the code as it is', () => {
  it('passes every test that is named here', async () => {
    expect(await copy.test(everySuite, everyTest)).toEqual(each(everyTest, 'passed'));
  });
});

describe('a test notices when', () => {
  it.each(BREAKAGES.map((breakage) => [breakage.name, breakage] as const))(
    '%s',
    async (_name, { edits, suite, tests }) => {
      const results = await copy.broken(edits, async () => copy.test([suite], tests));

      expect(results).toEqual(each(tests, 'failed'));
    },
  );
});
