import { statfs } from 'node:fs/promises';

export const MEGABYTE = 1024 * 1024;

/**
 * If less space is free, the service counts as not ready. Postgres stops if it cannot write another 16 MB of its log,
 * and the other servers also write to the disk.
 */
export const LEAST_FREE_BYTES = 100 * MEGABYTE;

/** The bytes that a user may still write on the disk of a folder. Rejects if the folder does not exist. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
