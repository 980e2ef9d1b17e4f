import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporal } from '@temporalio/proto';

export type History = temporal.api.history.v1.IHistory;

const { History } = temporal.api.history.v1;
const FOLDER = path.join(__dirname, 'histories');
const ENDING = '.json';
/** The name of a worker's sticky task queue contains its process and its host. */
const STICKY = /^\d+@/;

/** The names of the stored histories. */
export async function storedNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files.filter((file) => file.endsWith(ENDING)).map((file) => path.basename(file, ENDING));
}

export async function readHistory(name: string): Promise<History> {
  const plain: unknown = JSON.parse(await readFile(fileOf(name), 'utf8'));
  if (typeof plain !== 'object' || plain === null) throw new Error(`${name} holds no history`);
  return History.fromObject({ ...plain });
}

/** Writes JSON with numbers as text and bytes in base64, so that a change of a history is readable. */
export async function writeHistory(name: string, history: History): Promise<void> {
  const plain = History.toObject(History.fromObject(history), {
    longs: String,
    enums: String,
    bytes: String,
  });
  await writeFile(fileOf(name), `${JSON.stringify(plain, withoutTheMachine, 1)}\n`);
}

const fileOf = (name: string): string => path.join(FOLDER, `${name}${ENDING}`);

/** Removes the worker and the folder of the recording from a history. */
function withoutTheMachine(key: string, value: unknown): unknown {
  const tells =
    key === 'identity' || key === 'stackTrace' || (typeof value === 'string' && STICKY.test(value));
  return tells ? 'left out' : value;
}
