import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { cpuMs, residentMb } from './processes/cpu';
import { latencyOf, type Latency } from './report/statistics';
import { arena, openSchedule } from './site/catalogue';
import { enterRoom } from './site/people';
import { openSite, type Site } from './site/site';

const STREAMS = 5_000;
/** The number of connections opened at once. More would fill the listener's queue. */
const OPENED_AT_ONCE = 100;
const CHANGES = 20;
const SEATS_A_CHANGE = 2;
/** The pause between changes, so that each change is a separate event. */
const PAUSE_MS = 700;

const mapSchema = z.object({ version: z.number() });

/** `npm run bench:streams`, one minute; see docs/live-seats.md. The only failure is a stream that gets no event. */
async function main(): Promise<void> {
  say('Starting a separate Holdfast ...');
  const site = await openSite('streams');
  const stopAtOnce = () => void site.close().finally(() => process.exit(1));
  process.once('SIGINT', stopAtOnce);
  process.once('SIGTERM', stopAtOnce);
  const { client, people } = site;
  try {
    const { scheduleId, seatIds } = await openSchedule(client, { plan: await arena() });
    const [customer] = await enterRoom(client, await people.welcome(1, 0));
    if (!customer) throw new Error('no customer entered the room');
    const { accessToken: token, queueToken } = customer;
    const change = async (): Promise<void> => {
      const body = { seatIds: seatIds.splice(0, SEATS_A_CHANGE), queueToken };
      await client.call({ method: 'POST', path: '/v1/reservations', token, body }, 201, z.unknown());
    };
    await measure(site, scheduleId, change);
  } finally {
    await site.close();
  }
}

async function measure(
  { client, stack: { apiUrl, pids } }: Site,
  scheduleId: string,
  change: () => Promise<void>,
): Promise<void> {
  const path = `/v1/schedules/${scheduleId}/seats`;
  const { version } = await client.call({ method: 'GET', path }, 200, mapSchema);
  const memoryBefore = residentMb(pids.API);

  say(`Opening ${STREAMS} streams ...`);
  const opened = performance.now();
  let streams = await openStreams(
    apiUrl,
    `${path}/events`,
    Array.from({ length: STREAMS }, () => version),
  );
  const openMs = performance.now() - opened;
  const memory = residentMb(pids.API) - memoryBefore;
  say(`open after ${openMs.toFixed(0)} ms; API ${memoryBefore.toFixed(0)} MB + ${memory.toFixed(0)} MB`);

  say(`${CHANGES} holds; each stream gets an event for each hold ...`);
  const cpuBefore = cpuMs(pids.API);
  const delays: number[] = [];
  const untilAll: number[] = [];
  for (let count = 0; count < CHANGES; count += 1) {
    const told = streams.map(async (stream) => stream.next());
    const began = performance.now();
    await change();
    const times = await Promise.all(told);
    delays.push(...times.map((time) => time - began));
    untilAll.push(Math.max(...times) - began);
    await sleep(PAUSE_MS);
  }
  const cpu = (cpuMs(pids.API) - cpuBefore) / CHANGES;
  say(`from the hold request to the event: ${described(latencyOf(delays))}`);
  say(
    `to the last of ${STREAMS} events: ${described(latencyOf(untilAll))}; API ${cpu.toFixed(0)} CPU-ms a change`,
  );

  say('All streams are cut, miss a change, and connect again ...');
  const versions = streams.map((stream) => stream.version());
  for (const stream of streams) stream.close();
  await change();
  const back = performance.now();
  streams = await openStreams(apiUrl, `${path}/events`, versions);
  await Promise.all(streams.map(async (stream) => stream.next()));
  say(`all resumed after ${(performance.now() - back).toFixed(0)} ms`);
  say(`API at the end: ${residentMb(pids.API).toFixed(0)} MB`);
  for (const stream of streams) stream.close();
}

interface Stream {
  /** Resolves at the next event, or immediately if an event came before the call. */
  next(): Promise<number>;
  /** The id of the last event. */
  version(): number;
  close(): void;
}

/** @param versions one for each stream */
async function openStreams(apiUrl: string, path: string, versions: readonly number[]): Promise<Stream[]> {
  const streams: Stream[] = [];
  for (let from = 0; from < versions.length; from += OPENED_AT_ONCE) {
    const some = versions.slice(from, from + OPENED_AT_ONCE);
    streams.push(...(await Promise.all(some.map(async (version) => openStream(apiUrl, path, version)))));
  }
  return streams;
}

/** A bare socket, because 5,000 HTTP clients in one process would cost more than the service that they measure. */
async function openStream(apiUrl: string, path: string, since: number): Promise<Stream> {
  const { hostname, port } = new URL(apiUrl);
  const socket: Socket = connect(Number(port), hostname);
  socket.setEncoding('latin1');
  socket.write(`GET ${path}?since=${since} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  const opened = once(socket, 'data');
  let version = since;
  let unasked: number | undefined;
  let waiting: ((time: number) => void) | undefined;
  socket.on('data', (text: string) => {
    const id = /^id: (\d+)$/m.exec(text)?.[1];
    if (id === undefined) return;
    version = Number(id);
    const now = performance.now();
    if (waiting) waiting(now);
    else unasked = now;
    waiting = undefined;
  });
  await opened;
  return {
    next: async () =>
      new Promise((resolve) => {
        if (unasked === undefined) waiting = resolve;
        else resolve(unasked);
        unasked = undefined;
      }),
    version: () => version,
    close: () => void socket.destroy(),
  };
}

const described = ({ p50, p99, max }: Latency): string =>
  `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, max ${max.toFixed(0)} ms`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
