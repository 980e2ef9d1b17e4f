import { explain } from '../../src/launcher/start/explain';
import { LaunchFailure } from '../../src/launcher/failure';

describe('the last line of a launcher', () => {
  const failure = new LaunchFailure('Redis does not stay up');

  it('says that the start failed, if the system was not ready yet', () => {
    expect(explain(failure, false)).toBe('Holdfast cannot start: Redis does not stay up');
  });

  it('says that the system stopped, if it was running', () => {
    expect(explain(failure, true)).toBe('Holdfast has stopped: Redis does not stay up');
  });

  it('says what to do about a full disk', () => {
    expect(explain(new LaunchFailure('could not write: No space left on device'), true)).toBe(
      'Holdfast has stopped: the disk is full, free some space and start again ' +
        '(could not write: No space left on device)',
    );
  });

  it('names an unexpected error', () => {
    expect(explain(new TypeError('x is not a function'), false)).toBe(
      'Holdfast cannot start: TypeError: x is not a function',
    );
  });
});
