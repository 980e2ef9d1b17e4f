import { withoutRepeats } from '../../src/launcher/processes/repeats';

describe('a line that a part repeats', () => {
  let now: number;
  let shown: string[];
  let report: (line: string) => void;

  beforeEach(() => {
    now = 0;
    shown = [];
    report = withoutRepeats(
      (line) => shown.push(line),
      () => now,
    );
  });

  it('is shown once a minute, with the number of repetitions in between', () => {
    for (now = 0; now < 60_000; now += 1_000) report('Redis is gone');
    report('Redis is gone');

    expect(shown).toEqual(['Redis is gone', 'Redis is gone (59 times more since then)']);
  });

  it('hides no other line', () => {
    report('Redis is gone');
    report('Postgres is gone');
    report('Redis is gone');

    expect(shown).toEqual(['Redis is gone', 'Postgres is gone']);
  });

  it('is forgotten after many others, so that memory does not grow', () => {
    report('first');
    for (let other = 0; other < 100; other += 1) report(`another ${other}`);
    report('first');

    expect(shown.filter((line) => line === 'first')).toHaveLength(2);
  });
});
