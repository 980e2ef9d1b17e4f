import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, openBareClient, post, type BareClient } from '../support/bareClient';
import { eventually } from '../support/eventually';
import { createSale } from '../support/factories';
import { startStack, type Stack } from '../support/stack';

/*
 * Clients that try to take the service down, from one address or a few, with the default limits. The process must
 * survive, and all other clients must be served meanwhile.
 */

const START_MS = 90_000;
const ATTACK_MS = 120_000;
/** A dead API never responds. The benchmark measures how fast the API responds on a busy machine. */
const PATIENCE_MS = 20_000;
/** Connections that are opened at once. More would fill the queue of the listener. */
const AT_ONCE = 100;

/** Requests that are meant to fill the log. */
const FLOOD = 10_000;
const SENT_AHEAD = 10;
const ON_ONE_CONNECTION = 500;

/** Clients that never read. The API has about twenty connections of its own. */
const DEAF = 200;

const SOMEBODY_ELSE = '127.0.0.99';

let stack: Stack;
let scheduleId: string;
let pid: number;
let attackers: BareClient[];

beforeAll(async () => {
  stack = await startStack({ env: { RATE_LIMIT_FACTOR: '1' } });
  ({ scheduleId } = await createSale(stack.ownerDb));
  ({ pid } = stack.api);
}, START_MS);
afterAll(async () => stack.stop(), START_MS);

beforeEach(() => {
  attackers = [];
});
afterEach(async () => {
  for (const attacker of attackers) attacker.leave();
  // Everything that the attack held is free again, and the process still lives.
  await othersAreServed();
  process.kill(pid, 0);
});

/** Opens connections from these addresses, and sends a text on each. */
async function attack(
  count: number,
  text: (index: number) => string,
  {
    from = ['127.0.0.1'],
    reads = true,
    goesOn = false,
  }: { from?: string[]; reads?: boolean; goesOn?: boolean } = {},
): Promise<void> {
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    const indexes = Array.from({ length: Math.min(AT_ONCE, count - begun) }, (_, index) => begun + index);
    const opened = indexes.map(async (index) => {
      const client = await openBareClient(stack.apiUrl, {
        from: from[index % from.length] ?? '',
        reads,
        goesOn,
      });
      client.send(text(index));
      return client;
    });
    attackers.push(...(await Promise.all(opened)));
  }
}

/** A client at another address reads the catalogue and a seat map several times, and always gets a response in time. */
async function othersAreServed(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    expect(await statusFor(SOMEBODY_ELSE, '/v1/concerts')).toBe(200);
    expect(await statusFor(SOMEBODY_ELSE, `/v1/schedules/${scheduleId}/seats`)).toBe(200);
  }
}

async function statusFor(from: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    request(`${stack.apiUrl}${path}`, { localAddress: from, agent: false, signal }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    })
      .once('error', reject)
      .end();
  });
}

/** The sockets of the API, including those to its own servers. */
const openSockets = async (): Promise<number> => metric('nodejs_active_resources{type="TCPSocketWrap"}');

const refused = async (bound: string): Promise<number> =>
  metric(`holdfast_http_refused_total{bound="${bound}"}`);

async function metric(name: string): Promise<number> {
  const lines = (await (await fetch(stack.metricsUrl)).text()).split('\n');
  const line = lines.find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}

const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `127.0.0.${index + 1}`);

const statusesOf = (clients: readonly BareClient[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const client of clients) {
    const status = /^HTTP\/1\.1 (\d+)/.exec(client.received())?.[1] ?? 'none';
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
};

const stream = (): string => get(`/v1/schedules/${scheduleId}/seats/events`);

describe('clients that do not finish their bodies', () => {
  const body = 'x'.repeat(60 * 1024);
  /** One text for all clients: thousands of copies would fill the memory of the test. */
  const unfinished = (path: string): (() => string) => {
    const text = post(path, 'Content-Length: 65536') + body;
    return () => text;
  };

  it.each(['/v1/webhooks/sandbox', '/v1/auth/refresh'])(
    'at one address cannot exceed its share: %s',
    async (path) => {
      await attack(1_500, unfinished(path));
      await othersAreServed();
      expect(Object.keys(statusesOf(attackers))).toEqual(expect.arrayContaining(['429']));
    },
    ATTACK_MS,
  );

  it(
    'at many addresses cannot exceed the total limit',
    async () => {
      await attack(4_000, unfinished('/v1/auth/refresh'), {
        from: addresses(16),
      });
      expect(Object.keys(statusesOf(attackers))).toEqual(expect.arrayContaining(['503']));
      expect(await refused('bodies')).toBeGreaterThan(0);
      expect(await statusFor(SOMEBODY_ELSE, '/v1/concerts')).toBe(200);
    },
    ATTACK_MS,
  );

  it(
    'and send forever after an error response are cut, and can read that response',
    async () => {
      await attack(20, () => post('/v1/nothing', `Content-Length: ${10 ** 12}`), { goesOn: true });
      const uploads = attackers.map(async ({ socket }) => {
        while (!socket.closed) {
          if (socket.writable && socket.writableLength < 1024 * 1024) socket.write(body);
          await sleep(5);
        }
      });
      await othersAreServed();
      await Promise.all(uploads);
      expect(statusesOf(attackers)).toEqual({ 404: 20 });
    },
    ATTACK_MS,
  );
});

describe('clients that open event streams', () => {
  it(
    'at one address get their share, and other clients can open streams',
    async () => {
      await attack(3_000, stream);
      await othersAreServed();
      const statuses = statusesOf(attackers);
      expect(statuses['429']).toBeGreaterThan(0);
      const other = await openBareClient(stack.apiUrl, { from: SOMEBODY_ELSE });
      attackers.push(other);
      other.send(stream());
      await other.until(/^HTTP\/1\.1 200 [\s\S]*event: seats/);
    },
    ATTACK_MS,
  );

  it(
    'at many addresses cannot exceed the total limit, and everything else works',
    async () => {
      await attack(9_000, stream, { from: addresses(30) });
      await othersAreServed();
      expect(Object.keys(statusesOf(attackers))).toEqual(expect.arrayContaining(['200', '503']));
      expect(await refused('streams')).toBeGreaterThan(0);
    },
    ATTACK_MS,
  );
});

describe('clients that open connections', () => {
  it(
    'and never end their headers are cut after the time for headers, and cannot exceed their share before',
    async () => {
      const headers = Array.from({ length: 5_000 }, (_, index) => `h${index}:`);
      const text = `GET / HTTP/1.1\r\nHost: test\r\n${headers.join('\r\n').slice(0, 7_500)}`;
      const begin = Date.now();
      await attack(3_000, () => text);
      await othersAreServed();
      await Promise.all(attackers.map(async (client) => client.gone()));
      // Node itself checks for them every 30 s.
      expect(Date.now() - begin).toBeLessThan(30_000);
      expect(statusesOf(attackers)['408']).toBeGreaterThan(0);
      expect(await refused('connections')).toBeGreaterThan(0);
    },
    ATTACK_MS,
  );

  it(
    'and never read the responses are dropped',
    async () => {
      await attack(DEAF, () => get('/docs/swagger-ui-bundle.js').repeat(SENT_AHEAD), { reads: false });
      await othersAreServed();
      expect(await openSockets()).toBeGreaterThan(DEAF);
      await eventually(async () => {
        // A client that does not read does not notice that it was dropped.
        const open = await openSockets();
        if (open > DEAF / 2) throw new Error(`${open} connections are open`);
      }, 90_000);
    },
    ATTACK_MS,
  );

  it(
    'and pipeline too many requests lose their connection',
    async () => {
      await attack(50, () => get('/v1/concerts').repeat(500));
      await othersAreServed();
      const answers = await Promise.all(attackers.map(async (client) => client.gone()));
      expect(answers).toHaveLength(50);
    },
    ATTACK_MS,
  );
});

describe('clients that try to fill the log', () => {
  it.each([
    ['with requests that are rejected', '/v1/nothing'],
    ['with long paths', `/v1/${'x'.repeat(7_000)}`],
    ['with probes', '/healthz'],
  ])(
    'cause little log output: %s',
    async (_case, path) => {
      const before = (await readFile(stack.api.logFile)).length;
      for (let sent = 0; sent < FLOOD; sent += SENT_AHEAD) {
        if (sent % ON_ONE_CONNECTION === 0) await attack(1, () => '');
        const client = attackers.at(-1);
        client?.send(get(path).repeat(SENT_AHEAD));
        await client?.untilAnswers((sent % ON_ONE_CONNECTION) + SENT_AHEAD);
      }
      const written = (await readFile(stack.api.logFile)).length - before;
      expect(written).toBeLessThan(100 * 1024);
    },
    ATTACK_MS,
  );
});
