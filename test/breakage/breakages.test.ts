import { existsSync, readFileSync } from 'node:fs';
import { BREAKAGES } from './breakages';

/** `npm run breakages` takes an hour. This says at once that a change has moved a line which a breakage edits. */
describe('every breakage', () => {
  it('finds each text that it replaces exactly once', () => {
    const all = BREAKAGES.flatMap(({ name, edits }) => edits.map((edit) => ({ name, ...edit })));
    const lost = all.filter(({ file, find }) => readFileSync(file, 'utf8').split(find).length !== 2);

    expect(lost).toEqual([]);
  });

  it('names a suite that exists', () => {
    const missing = BREAKAGES.filter(({ suite }) => !existsSync(suite));

    expect(missing).toEqual([]);
  });
});
