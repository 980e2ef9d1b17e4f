import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { edgeBounds } from '../src/api/http/bounds';
import { residentMb } from './processes/cpu';
import { openHeap, type Heap } from './processes/heap';
import { latencyOf } from './report/statistics';
import { arena, openSchedule } from './site/catalogue';
import { enterRoom } from './site/people';
import { openSite, type Site } from './site/site';

/** Enough connections to measure the cost of one. */
const SAMPLE = 2_000;
/** More connections at once would fill the listener's queue. */
const OPENED_AT_ONCE = 100;
const SETTLE_MS = 2_000;
/** The number of extra clients beyond each bound. */
const SURPLUS = 100;
const CHANGES = 10;
const PROBES = 50;
const KB = 1_024;
const MB = 1_024 * KB;

/** As many bytes of headers as the API accepts, and nearly as many headers. */
const HEADERS = Array.from({ length: 95 }, (_, index) => `h${index}: ${'x'.repeat(70)}\r\n`).join('');
const POST = `POST /v1/auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${HEADERS}`;
const BODY = 'x'.repeat(64 * KB - 1);

/**
 * `npm run bench:bounds`, two minutes. It measures how much heap of the API a connection takes, for each thing that a
 * client can do with it. It also shows whether everything that clients may hold at once stays below the heap limit.
 * The only failure is a dead API.
 */
async function main(): Promise<void> {
  say('Starting a separate Holdfast ...');
  const site = await openSite('bounds');
  const stopAtOnce = () => void site.close().finally(() => process.exit(1));
  process.once('SIGINT', stopAtOnce);
  process.once('SIGTERM', stopAtOnce);
  const heap = await openHeap(site.stack.pids.API);
  try {
    const { scheduleId, seatIds } = await openSchedule(site.client, { plan: await arena() });
    const stream = `GET /v1/schedules/${scheduleId}/seats/events HTTP/1.1\r\nHost: x\r\n${HEADERS}\r\n`;
    await measureEach(site, heap, stream);
    await measureAll(site, heap, { stream, seatIds });
  } finally {
    heap.close();
    await site.close();
  }
}

async function measureEach({ stack: { apiUrl } }: Site, heap: Heap, stream: string): Promise<void> {
  for (const [what, text] of [
    ['kept for a next request', `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['with headers that never end', `GET / HTTP/1.1\r\nHost: x\r\n${HEADERS}`],
    ['with a body that never ends', `${POST}Content-Length: 2\r\n\r\n{`],
    ['with an event stream', stream],
  ] as const) {
    const before = await heap.liveMb();
    const crowd = createCrowd(apiUrl);
    await crowd.open(SAMPLE, text);
    const each = (((await heap.liveMb()) - before) * MB) / SAMPLE / KB;
    say(`one connection ${what}: ${each.toFixed(1)} KB of heap`);
    await crowd.leave();
  }
}

async function measureAll(
  { client, people, stack: { apiUrl, pids } }: Site,
  heap: Heap,
  { stream, seatIds }: { stream: string; seatIds: readonly string[] },
): Promise<void> {
  const [customer] = await enterRoom(client, await people.welcome(1, 0));
  if (!customer) throw new Error('no customer entered the room');
  const { accessToken: token, queueToken } = customer;
  const heapBytes = await heap.limit();
  const { connections, streams, bodyBytes } = edgeBounds({ sharesCount: false, heapBytes });
  const bodies = Math.floor(bodyBytes.total / (64 * KB));
  say(
    `All bounds at once, with a heap limit of ${(heapBytes / MB).toFixed(0)} MB, of which ${(await heap.liveMb()).toFixed(0)} MB are in use:`,
  );
  const crowd = createCrowd(apiUrl);
  // Connections that end automatically come last.
  await crowd.open(streams.total + SURPLUS, stream);
  for (const seatId of seatIds.slice(0, CHANGES)) {
    const body = { seatIds: [seatId], queueToken };
    await client.call({ method: 'POST', path: '/v1/reservations', token, body }, 201, z.unknown());
  }
  say(`event streams, each with ${CHANGES} changes: ${crowd.left()} of ${streams.total}`);
  await crowd.open(bodies + SURPLUS, `${POST}Content-Length: 65536\r\n\r\n${BODY}`);
  await crowd.open(connections.total - streams.total - bodies, `GET / HTTP/1.1\r\nHost: x\r\n${HEADERS}`);
  say(
    `connections: ${crowd.left()} of ${connections.total}, with ${(bodyBytes.total / MB).toFixed(0)} MB of bodies`,
  );
  const resident = residentMb(pids.API);
  say(`heap in use: ${(await heap.liveMb()).toFixed(0)} MB; resident ${resident.toFixed(0)} MB`);
  const times: number[] = [];
  while (times.length < PROBES) {
    const began = performance.now();
    await client.call({ method: 'GET', path: '/v1/concerts' }, 200, z.unknown());
    times.push(performance.now() - began);
  }
  const { p50, max } = latencyOf(times);
  say(`a response during this load: p50 ${p50.toFixed(0)} ms, max ${max.toFixed(0)} ms`);
  await crowd.leave();
  say(`heap in use after all clients have left: ${(await heap.liveMb()).toFixed(0)} MB`);
}

/** Clients that send something and then do nothing. */
function createCrowd(apiUrl: string) {
  const { hostname, port } = new URL(apiUrl);
  const clients: { isIn: boolean; leave: () => void }[] = [];

  async function openOne(text: string): Promise<void> {
    const socket = connect(Number(port), hostname);
    const client = { isIn: true, leave: () => void socket.destroy() };
    clients.push(client);
    const connected = new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => {
        client.isIn = false;
        resolve();
      });
    });
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      if (/^HTTP\/1\.1 (408|429|503)/.test(data.toString('latin1'))) client.isIn = false;
    });
    await connected;
    socket.write(text, 'latin1');
  }

  /** The number of clients that the API did not reject. */
  const left = (): number => clients.filter(({ isIn }) => isIn).length;

  async function open(count: number, text: string): Promise<void> {
    for (let begun = 0; begun < count; begun += OPENED_AT_ONCE) {
      await Promise.all(Array.from({ length: OPENED_AT_ONCE }, async () => openOne(text)));
    }
    // Waits until the API has accepted or rejected everything that was sent.
    for (let seen = -1; seen !== left(); await sleep(SETTLE_MS)) seen = left();
  }

  return {
    open,

    left,

    async leave(): Promise<void> {
      for (const client of clients) client.leave();
      await sleep(SETTLE_MS);
    },
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
