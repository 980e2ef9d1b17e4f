import { appendFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../../../.data-chaos');

/** The folder of a run, outside the folder of the tests: it stays if the run has found something. */
export interface RunLog {
  folder: string;
  /** Prints a line with its time, and writes it to `run.log`. */
  log: (line: string) => void;
  /** Copies the logs of the processes and of the clients from these folders. */
  copyLogs(folders: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

export async function createRunLog(seed: number): Promise<RunLog> {
  const begin = new Date();
  const folder = path.join(ROOT, `${begin.toISOString().replaceAll(/\D/g, '').slice(0, 14)}-seed-${seed}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    folder,
    log(line) {
      const now = new Date();
      const seconds = Math.round((now.getTime() - begin.getTime()) / 1_000);
      const text = `${now.toISOString()} ${String(seconds).padStart(5)} s  ${line}\n`;
      process.stdout.write(text);
      appendFileSync(path.join(folder, 'run.log'), text);
    },
    async copyLogs(folders) {
      for (const from of folders) {
        const logs = (await readdir(from)).filter((name) => /\.(?:log|ndjson)$/.test(name));
        await Promise.all(logs.map(async (name) => copyFile(path.join(from, name), path.join(folder, name))));
      }
    },
    remove: async () => rm(folder, { recursive: true, force: true }),
  };
}
