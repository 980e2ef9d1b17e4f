import { request } from 'undici';
import { oncePer, type Bench } from '../bench';
import type { PlainRequest } from '../generator/protocol';
import type { Row } from '../row';
import { arena, openSchedule } from '../site/catalogue';
import { barePids, compareRequests } from './plainRequests';

const FULL_MAP = 'bare Koa: the same prepared buffer';

/** The map of a 15,000 seat arena without changes, as a cache or a browser requests it. */
const seatMap = (encoding: 'identity' | 'gzip' | 'br', status: 200 | 304): Row => ({
  subject: 'maps',
  figure: `seat map of 15,000 seats, ${status === 304 ? '304' : encoding}`,
  unit: 'a second',
  reference: status === 304 ? 'bare Koa: 304' : FULL_MAP,
  target: { atLeast: status === 304 ? 0.7 : 0.8 },

  async prepare(bench) {
    const { scheduleId } = await quietArena(bench);
    const path = `/v1/schedules/${scheduleId}/seats`;
    return async (round) => {
      // The current version: the bare server sends what the service would send.
      const name = `${encoding}-${status}`;
      const etag = await copyMap(bench, path, name, encoding);
      const ask = (where: string): PlainRequest => ({
        method: 'GET',
        path: where,
        headers: { 'accept-encoding': encoding, ...(status === 304 && { 'if-none-match': etag }) },
      });
      return compareRequests(
        bench,
        round,
        { url: bench.site.stack.apiUrl, requests: [ask(path)], expectedStatus: status, pids: bench.pids },
        {
          url: bench.bare.url,
          requests: [ask(`/map/${name}`)],
          expectedStatus: status,
          pids: barePids(bench),
        },
      );
    };
  },
});

const quietArena = oncePer(async ({ site }: Bench) => openSchedule(site.client, { plan: await arena() }));

/** Copies the bytes and headers of the service to the bare server. Returns their ETag. */
async function copyMap({ site, bare }: Bench, path: string, name: string, encoding: string): Promise<string> {
  const { headers, body } = await request(`${site.stack.apiUrl}${path}`, {
    headers: { 'accept-encoding': encoding },
  });
  const bytes = Buffer.from(await body.arrayBuffer());
  const kept = ['etag', 'content-type', 'content-encoding', 'cache-control', 'vary'].flatMap((header) => {
    const value = headers[header];
    return typeof value === 'string' ? [[header, value] as const] : [];
  });
  await bare.serveMap({ name, headers: Object.fromEntries(kept), body: bytes });
  return String(headers['etag']);
}

export const seatMapRows: Row[] = [
  seatMap('br', 200),
  seatMap('gzip', 200),
  seatMap('identity', 200),
  seatMap('br', 304),
];
