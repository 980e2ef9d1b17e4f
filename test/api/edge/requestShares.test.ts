import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { shareRequests } from '../../../src/api/edge/requestShares';
import { startServer, type HttpServer } from '../../../src/api/edge/server';

let server: HttpServer;
let underWay: ServerResponse[];
let refusals: number;

beforeEach(async () => {
  underWay = [];
  refusals = 0;
  const listener = shareRequests((_request, response) => void underWay.push(response), {
    bounds: { total: 4, each: 2 },
    networkOf: ({ headers }) => String(headers['x-from']),
    onRefused: () => (refusals += 1),
  });
  server = await startServer(listener, {
    host: '127.0.0.1',
    port: 0,
    connections: { total: Infinity, each: Infinity },
  });
});
afterEach(async () => server.stop(0));

const ask = async (name: string, signal?: AbortSignal) =>
  fetch(server.url, { headers: { 'X-From': name }, ...(signal && { signal }) });

async function untilUnderWay(count: number): Promise<void> {
  while (underWay.length < count) await sleep(1);
}

describe('requests under way', () => {
  it('are bounded for each client, also if all of them come through one proxy', async () => {
    const waiting = [ask('one'), ask('one')];
    await untilUnderWay(2);

    const refused = await ask('one');
    const other = ask('two');
    await untilUnderWay(3);

    expect(refused.status).toBe(429);
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect(await refused.json()).toMatchObject({ type: '/problems/rate-limited', status: 429 });
    for (const response of underWay) response.end('done');
    expect((await Promise.all([...waiting, other])).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('are bounded in all', async () => {
    const waiting = [ask('one'), ask('one'), ask('two'), ask('two')];
    await untilUnderWay(4);

    const refused = await ask('three');

    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ type: '/problems/temporarily-unavailable' });
    expect(refusals).toBe(1);
    for (const response of underWay) response.end('done');
    await Promise.all(waiting);
  });

  it('no longer count once they have a response or their client has left', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      const left = new AbortController();
      const [answered, cut] = [ask('one'), ask('one', left.signal).catch(() => undefined)];
      await untilUnderWay(2);
      const closed = underWay.map(
        async (response) => new Promise((resolve) => void response.once('close', resolve)),
      );
      left.abort();
      for (const response of underWay) response.end('done');
      await Promise.all([answered, cut, ...closed]);
      underWay = [];
    }
    expect(refusals).toBe(0);
  });
});
