import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import pLimit from 'p-limit';
import { Problem } from '../../../domain/problems';
import { unpackReading } from './readingLines';
import { readVenueBytes, type VenueReading } from './readVenueBytes';

/** Node runs only compiled code. So this is the compiled file, also if a test runs this file as TypeScript. */
const PROCESS = __filename.endsWith('.ts')
  ? path.resolve(__dirname, '../../../../dist/src/api/catalogue/venues/venueProcess.js')
  : path.join(__dirname, 'venueProcess.js');

/** The size up to which every other endpoint parses bodies on the event loop. */
const SMALL_BYTES = 64 * 1024;

/** A stadium takes about 3 s on a slow processor that has nothing else to do. */
const TIMEOUT_MS = 60_000;

/** The number of bodies that may wait for their turn, of up to 80 MB each. */
const MOST_WAITING = 2;

/** A stadium needs about 200 MB. The bounds on values and bytes keep everything else below this limit. */
const HEAP_MB = 512;

export interface VenueReader {
  /**
   * Reads the body of `POST /v1/admin/venues`. It reads a large body in a process of its own, one at a time. Such a
   * process may run out of memory or time without harm to the service. (A thread may not: V8 ends the whole process
   * when the heap of one of its threads is full.)
   *
   * @param bytes the reader may change them, so the caller must not use them again
   * @throws {Problem} temporarily-unavailable if too many bodies wait, the reading takes too long, or no process can be
   *   started; body-too-large if the process runs out of memory
   */
  read(bytes: Buffer): Promise<VenueReading>;
}

export function createVenueReader({ timeoutMs = TIMEOUT_MS, heapMb = HEAP_MB } = {}): VenueReader {
  const turns = pLimit(1);

  async function readApart(bytes: Buffer): Promise<VenueReading> {
    const child = await startProcess(heapMb);
    const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    // A process that has ended takes no more bytes. Its exit tells why.
    child.stdin.on('error', () => undefined).end(bytes);
    try {
      const [lines] = await Promise.all([buffer(child.stdout), once(child, 'exit')]);
      if (child.exitCode === 0) return unpackReading(lines);
      if (child.signalCode === 'SIGKILL') throw tooSlow();
      if (child.signalCode === 'SIGABRT') throw tooLarge();
      throw new Error(`the process that reads plans has ended with ${child.exitCode ?? child.signalCode}`);
    } finally {
      clearTimeout(late);
    }
  }

  return {
    async read(bytes) {
      if (bytes.length <= SMALL_BYTES) return readVenueBytes(bytes);
      if (turns.pendingCount >= MOST_WAITING) throw tooMany();
      return turns(async () => readApart(bytes));
    },
  };
}

/** If the machine has no process, memory or file descriptor left, the child has no pipes and emits an error. */
async function startProcess(heapMb: number) {
  try {
    const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, PROCESS], {
      // The child needs no secrets of the service.
      env: {},
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(child, 'spawn');
    return child;
  } catch {
    throw noProcess();
  }
}

const noProcess = (): Problem =>
  new Problem('temporarily-unavailable', 'The plan cannot be read right now; nothing was added.');

const tooMany = (): Problem =>
  new Problem('temporarily-unavailable', 'Other plans are being read; nothing was added.');

const tooSlow = (): Problem =>
  new Problem('temporarily-unavailable', 'Reading the plan took too long; nothing was added.');

const tooLarge = (): Problem =>
  new Problem('body-too-large', 'Reading this plan takes more memory than is available.');
