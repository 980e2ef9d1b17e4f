import { LaunchFailure } from '../failure';
import { createSpawner, type ManagedProcess, type ProcessWatcher, type Spawner } from './managedProcess';

/** The order in which the parts stop: a part that calls another part stops before it. */
const STOP_ORDER = ['API', 'worker', 'gateway', 'Temporal', 'Redis', 'Postgres'];

export interface Parts {
  /** Throws once the stop has begun, so that nothing starts during the stop. */
  spawn: Spawner;
  isStopping(): boolean;
  /** Stops every part in order, and resolves when none is left. It runs once: later calls wait for the first. */
  stopAll(): Promise<void>;
  /** Sends SIGKILL to every part that is left. */
  killAll(): void;
}

/** All processes that this launcher has started. */
export function createParts(watcher: ProcessWatcher): Parts {
  const running = new Set<ManagedProcess>();
  let stopped: Promise<void> | undefined;
  const spawn = createSpawner({
    started(managed, spec) {
      running.add(managed);
      watcher.started(managed, spec);
    },
    ended(managed) {
      running.delete(managed);
      watcher.ended(managed);
    },
  });

  async function stopInOrder(): Promise<void> {
    for (const managed of [...running].toSorted((a, b) => rank(a) - rank(b))) await managed.stop();
  }

  return {
    spawn(spec) {
      if (stopped) throw new LaunchFailure('stopping');
      return spawn(spec);
    },
    isStopping: () => stopped !== undefined,
    stopAll: () => (stopped ??= stopInOrder()),
    killAll: () => running.forEach((managed) => managed.signal('SIGKILL')),
  };
}

function rank({ name }: ManagedProcess): number {
  return STOP_ORDER.indexOf(name);
}
