import { freePort } from '../../src/launcher/ports';
import { createStackFolder, type Stack } from '../support/stack';
import { createStackProcess, type StackProcess } from '../support/stackProcess';

export interface SecondWorker {
  process: StackProcess;
  /** Removes its folder with its log. */
  remove(): Promise<void>;
}

/** Starts a worker beside the one of the stack, with the same settings. */
export async function startSecondWorker({ env }: Stack): Promise<SecondWorker> {
  const home = await createStackFolder();
  const port = await freePort();
  const process = createStackProcess(home.spawn, {
    name: 'worker',
    entry: 'src/worker/main.js',
    env: { ...env, WORKER_METRICS_PORT: String(port) },
    logFile: `${home.folder}/second-worker.log`,
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  });
  await process.start();
  return { process, remove: async () => home.remove() };
}
