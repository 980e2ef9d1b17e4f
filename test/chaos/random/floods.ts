import { setTimeout as sleep } from 'node:timers/promises';
import { get, openBareClient, post, type BareClient } from '../../support/bareClient';
import type { FloodName, FloodStep } from './plan';

/** Connections of one flood. The crowd comes from another address, and the share of an address is larger. */
const CLIENTS = 300;
/** Each costs the API a comparison of a password hash. */
const LOGINS = 40;
const SENT_AHEAD = 10;
/** How long the clients stay. */
const HELD_MS = 4_000;
/** A frozen API accepts no connection once the queue of its listener is full. */
const OPENED_WITHIN_MS = 10_000;

const BODY_BYTES = 65_536;

export interface Flooding {
  apiUrl: string;
  scheduleId: string;
  log: (line: string) => void;
  found: (finding: string) => void;
}

/** Sends the floods of a plan, one after the other, until the signal ends it. */
export async function flood(
  steps: readonly FloodStep[],
  { apiUrl, scheduleId, log, found }: Flooding,
  signal: AbortSignal,
): Promise<FloodName[]> {
  const done: FloodName[] = [];
  for (const [index, { pauseMs, flood: name }] of steps.entries()) {
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    log(`flood: ${name}`);
    // Each flood comes from another address.
    const from = `127.0.1.${(index % 250) + 1}`;
    const clients = await openClients(apiUrl, from, name === 'bad logins' ? LOGINS : CLIENTS);
    const text = textOf(name, scheduleId);
    for (const client of clients) client.send(text);
    await sleep(HELD_MS);
    for (const client of clients) {
      if (/HTTP\/1\.1 500/.test(client.received()))
        found(`a flood of ${name} got ${client.received().slice(-500)}`);
      client.leave();
    }
    done.push(name);
  }
  return done;
}

/** Opens connections. Those that are not open in time stay out. */
async function openClients(apiUrl: string, from: string, count: number): Promise<BareClient[]> {
  const clients: BareClient[] = [];
  const timeUp = new AbortController();
  const opening = Array.from({ length: count }, async () => {
    const client = await openBareClient(apiUrl, { from });
    if (timeUp.signal.aborted) client.leave();
    else clients.push(client);
  });
  await Promise.race([Promise.all(opening), sleep(OPENED_WITHIN_MS)]);
  timeUp.abort();
  return clients;
}

/** What each client of a flood sends. */
function textOf(name: FloodName, scheduleId: string): string {
  switch (name) {
    case 'bad logins':
      return complete('/v1/auth/login', JSON.stringify({ id: 'operator', password: 'a wrong password' }));
    case 'unfinished bodies':
      return `${post('/v1/auth/refresh', `Content-Length: ${BODY_BYTES}`)}{"x": "`;
    case 'large bodies':
      return complete('/v1/auth/login', JSON.stringify({ id: 'x'.repeat(2 * BODY_BYTES), password: 'x' }));
    case 'deep JSON':
      return complete('/v1/auth/login', '['.repeat(BODY_BYTES / 2) + ']'.repeat(BODY_BYTES / 2));
    case 'unknown paths':
      return get(`/v1/${'nothing/'.repeat(20)}`).repeat(SENT_AHEAD);
    case 'event streams':
      return get(`/v1/schedules/${scheduleId}/seats/events`);
  }
}

const complete = (path: string, body: string): string => post(path, `Content-Length: ${body.length}`) + body;
