import type { PrivateStack } from '../../support/privateStack';
import { signalTree } from '../../support/processTree';
import type { StackProcess } from '../../support/stackProcess';
import type { ServerName } from '../../support/servers';
import type { PartName } from './plan';

/** A process of the service that can be frozen, killed and started again. */
export interface Part {
  name: PartName;
  hasExited(): boolean;
  /** Sends the signal, to Postgres with all its children. */
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal to the main process, and resolves when it has ended. */
  end(signal: 'SIGKILL' | 'SIGQUIT'): Promise<void>;
  /** Resolves when it is ready for work. */
  start(): Promise<void>;
  /** Ends what an unsuccessful start left. */
  stop(): Promise<void>;
}

export type Parts = Readonly<Record<PartName, Part>>;

export function partsOf(stack: PrivateStack, secondWorker: StackProcess): Parts {
  return {
    Temporal: server('Temporal', stack, 'temporal'),
    Postgres: server('Postgres', stack, 'postgres'),
    Redis: server('Redis', stack, 'redis'),
    'the API': own('the API', stack.api),
    'the first worker': own('the first worker', stack.worker),
    'the second worker': own('the second worker', secondWorker),
    'the gateway': own('the gateway', stack.gateway),
  };
}

function own(name: PartName, process: StackProcess): Part {
  return {
    name,
    hasExited: () => process.hasExited(),
    signal: (signal) => process.signal(signal),
    end: async (signal) => process.kill(signal),
    start: async () => process.start(),
    stop: async () => process.stop(),
  };
}

function server(name: PartName, stack: PrivateStack, key: ServerName): Part {
  const running = () => stack.servers()[key];
  const signalAll = (signal: NodeJS.Signals): void => {
    if (!running().hasExited()) signalTree(running().identity.pid, signal);
  };
  return {
    name,
    hasExited: () => running().hasExited(),
    signal: signalAll,
    async end(signal) {
      // Killed with its children, as by the machine. SIGQUIT is the immediate shutdown: Postgres ends them itself.
      if (signal === 'SIGKILL') signalAll(signal);
      else running().signal(signal);
      await running().exited;
    },
    start: async () => stack.startServer(key),
    // A server that does not start in time is ended by its start.
    stop: async () => undefined,
  };
}
