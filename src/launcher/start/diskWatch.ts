import { freeBytes, LEAST_FREE_BYTES, MEGABYTE } from '../../config/diskSpace';
import type { Report } from '../failure';

const EVERY_MS = 10_000;

/** Reports once that the disk of a folder is nearly full, and once that it has space again. */
export function watchDisk(folder: string, report: Report): void {
  let wasFull = false;
  const look = async (): Promise<void> => {
    const free = await freeBytes(folder);
    const isFull = free < LEAST_FREE_BYTES;
    if (isFull !== wasFull) report(lineAbout(folder, free, isFull));
    wasFull = isFull;
  };
  // The folder may be missing for a moment; the parts that use it report that themselves.
  setInterval(() => void look().catch(() => undefined), EVERY_MS).unref();
}

function lineAbout(folder: string, free: number, isFull: boolean): string {
  const left = `${Math.floor(free / MEGABYTE)} MB left`;
  if (!isFull) return `The disk of ${folder} has space again (${left})`;
  return `The disk of ${folder} is nearly full (${left}): /readyz returns 503 until there is more space`;
}
