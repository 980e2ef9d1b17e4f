import { statfs } from 'node:fs/promises';

export const MEGABYTE = 1024 * 1024;

/**
 * With less than this, the service counts as not ready. Postgres ends when it cannot write 16 MB more of its log, and the
 * other servers write beside it.
 */
export const LEAST_FREE_BYTES = 100 * MEGABYTE;

/** What a user may still write on the disk of a folder, in bytes. Rejects where the folder is not there. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
