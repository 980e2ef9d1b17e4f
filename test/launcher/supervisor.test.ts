import { EventEmitter, once } from 'node:events';
import { LaunchFailure } from '../../src/launcher/failure';
import type { ManagedProcess } from '../../src/launcher/processes/managedProcess';
import { createSupervisor, type Patience } from '../../src/launcher/processes/supervisor';
import { eventually } from '../support/eventually';

const PATIENCE: Patience = { firstPauseMs: 1, longestPauseMs: 4, tries: 3, healthyMs: 60_000 };

interface FakeProcess extends ManagedProcess {
  die(how: string): void;
}

function aProcess(): FakeProcess {
  let gone = false;
  const events = new EventEmitter<{ exit: [string] }>();
  const exited = once(events, 'exit').then(([how]) => String(how));
  const die = (how: string): void => {
    gone = true;
    events.emit('exit', how);
  };
  return {
    name: 'Redis',
    identity: { pid: 1, started: '' },
    exited,
    hasExited: () => gone,
    signal: () => undefined,
    stop: async () => die('stopped'),
    lastWords: () => '',
    die,
  };
}

/** A supervisor and its reports. `ready` resolves when the part was started this number of times. */
function supervise(patience: Partial<Patience> = {}) {
  const lines: string[] = [];
  const started: FakeProcess[] = [];
  let stopping = false;
  let failures = 0;
  const meetings: { count: number; go: () => void }[] = [];
  const supervisor = createSupervisor({ isStopping: () => stopping }, (line) => lines.push(line), {
    ...PATIENCE,
    ...patience,
  });
  const startAgain = async (): Promise<ManagedProcess> => {
    if (failures > 0) {
      failures -= 1;
      throw new LaunchFailure('the port is taken');
    }
    const managed = aProcess();
    started.push(managed);
    for (const { count, go } of meetings) if (count <= started.length) go();
    return managed;
  };
  return {
    supervisor,
    lines,
    started,
    startAgain,
    stop: () => (stopping = true),
    failNext: (count: number) => (failures = count),
    ready: (count: number) => new Promise<void>((go) => meetings.push({ count, go })),
  };
}

describe('a part that ends unexpectedly', () => {
  it('is started again, with one line when it ends and one when it is back, even after several tries', async () => {
    const { supervisor, lines, startAgain, failNext, ready } = supervise();
    const first = aProcess();
    supervisor.supervise(first, startAgain);
    const back = ready(1);
    failNext(2);

    first.die('ended by SIGKILL');
    await back;
    await eventually(async () => expect(lines).toHaveLength(2));

    expect(lines[0]).toBe('Redis stopped (ended by SIGKILL); starting it again ...');
    expect(lines[1]).toMatch(/^Redis is back after [\d.]+ s$/);
  });

  it('is given up after a limited number of starts in a row, with the last reason', async () => {
    const { supervisor, startAgain, failNext } = supervise();
    const first = aProcess();
    supervisor.supervise(first, startAgain);
    failNext(100);

    first.die('exit code 1');

    await expect(supervisor.gaveUp).rejects.toThrow(
      new LaunchFailure('Redis does not stay up after 3 starts in a row: the port is taken'),
    );
  });

  it('is also given up if each start succeeds but does not last', async () => {
    const { supervisor, started, startAgain, ready } = supervise();
    const first = aProcess();
    supervisor.supervise(first, startAgain);
    for (let count = 1; count <= PATIENCE.tries; count += 1) {
      const back = ready(count);
      (started.at(-1) ?? first).die('ended by SIGSEGV');
      await back;
    }
    started.at(-1)?.die('ended by SIGSEGV');

    await expect(supervisor.gaveUp).rejects.toThrow('does not stay up');
  });

  it('gets all its tries again after it ran well for a while', async () => {
    const { supervisor, started, startAgain, ready } = supervise({ healthyMs: -1 });
    const first = aProcess();
    supervisor.supervise(first, startAgain);
    for (let count = 1; count <= 3 * PATIENCE.tries; count += 1) {
      const back = ready(count);
      (started.at(-1) ?? first).die('ended by SIGKILL');
      await back;
    }

    expect(started).toHaveLength(3 * PATIENCE.tries);
  });

  it('stays ended while everything stops', async () => {
    const { supervisor, lines, started, startAgain, stop } = supervise();
    const first = aProcess();
    supervisor.supervise(first, startAgain);
    stop();

    first.die('exit code 0');
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(lines).toEqual([]);
    expect(started).toEqual([]);
  });
});

describe('a part that is replaced on purpose', () => {
  it('is started once, without a report', async () => {
    const { supervisor, lines, started, startAgain } = supervise();
    const kept = supervisor.supervise(aProcess(), startAgain);

    await kept.restart();
    await kept.restart();

    expect(started).toHaveLength(2);
    expect(lines).toEqual([]);
  });

  it('runs once, even if it was being started again at that moment', async () => {
    const { supervisor, started, startAgain } = supervise();
    const slow = new EventEmitter<{ begun: []; goOn: [] }>();
    const begun = once(slow, 'begun');
    let starts = 0;
    const first = aProcess();
    const kept = supervisor.supervise(first, async () => {
      starts += 1;
      if (starts === 1) {
        const goOn = once(slow, 'goOn');
        slow.emit('begun');
        await goOn;
      }
      return startAgain();
    });
    first.die('ended by SIGKILL');
    await begun;

    const restarted = kept.restart();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(starts).toBe(1);
    slow.emit('goOn');
    await restarted;

    expect(started.map((managed) => managed.hasExited())).toEqual([true, false]);
  });
});
