import type { ManagedProcess, Spawner } from '../../src/launcher/processes/managedProcess';
import { spawnService, type ServiceSpec } from '../../src/launcher/processes/service';

/** One of our own processes under test. Only the test starts it again. */
export interface StackProcess {
  /** The pid of the process that runs, or that ran last. */
  readonly pid: number;
  readonly logFile: string;
  /** Whether it has ended, in any way. */
  hasExited(): boolean;
  /** Resolves when it is ready for work. */
  start(): Promise<void>;
  /** Sends the signal and resolves when the process has ended. Not for SIGSTOP: see `signal`. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Sends the signal and returns, for example SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  /** Ends the process cleanly if it runs. */
  stop(): Promise<void>;
  /** Ends the process cleanly and starts it again, with more settings if given. */
  restart(env?: NodeJS.ProcessEnv): Promise<void>;
}

export function createStackProcess(spawn: Spawner, spec: ServiceSpec): StackProcess {
  let env = spec.env;
  let current: ManagedProcess | undefined;
  const running = (): ManagedProcess => {
    if (!current) throw new Error(`${spec.name} has not been started`);
    return current;
  };
  const stack: StackProcess = {
    get pid() {
      return running().identity.pid;
    },
    logFile: spec.logFile,
    hasExited: () => running().hasExited(),
    async start() {
      const { managed, untilHealthy } = spawnService({ ...spec, env }, spawn);
      current = managed;
      await untilHealthy();
    },
    async kill(signal = 'SIGKILL') {
      running().signal(signal);
      await running().exited;
    },
    signal: (signal) => running().signal(signal),
    async stop() {
      // A stopped process (SIGSTOP) would not get the signal to end.
      current?.signal('SIGCONT');
      await current?.stop();
    },
    async restart(more = {}) {
      env = { ...env, ...more };
      await stack.stop();
      await stack.start();
    },
  };
  return stack;
}
