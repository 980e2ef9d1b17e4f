import { readFile } from 'node:fs/promises';

/** A log file of the API, the worker or the gateway. */
export interface ServiceLog {
  file: string;
  text: string;
}

export async function readServiceLogs(files: readonly string[]): Promise<ServiceLog[]> {
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(file, 'utf8') })));
}
