import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import os from 'node:os';
import path from 'node:path';
import { findOnPath } from '../../../src/launcher/binaries/commands';
import { freePort } from '../../../src/launcher/ports';
import { createSale } from '../../support/factories';
import { parse, startEdge, type Edge } from '../edge';

/** Debian's `chromium`, or its name on other systems. Without a browser only `cors.test.ts` checks the headers. */
const BROWSER = ['chromium', 'chromium-browser', 'google-chrome'].flatMap(
  (name) => findOnPath(name) ?? [],
)[0];

const whereThereIsABrowser = BROWSER === undefined ? describe.skip : describe;

/** The page of a shop. It reports to its own server what it could read. */
const shop = (api: string, scheduleId: string): string => `<!doctype html><script type="module">
const json = { 'Content-Type': 'application/json' };
const send = (path, body, headers) =>
  fetch('${api}' + path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
async function shop() {
  const map = await fetch('${api}/v1/schedules/${scheduleId}/seats');
  const { version } = await map.json();
  const credentials = { id: 'shopper', password: 'a seat in the front' };
  const signedUp = await send('/v1/users', credentials, { 'Idempotency-Key': 'one' });
  const { accessToken, queueToken } = await (await send('/v1/auth/login', credentials)).json();
  const authorization = { Authorization: 'Bearer ' + accessToken };
  const poll = await fetch('${api}/v1/queue/status', { headers: { ...authorization, 'X-Queue-Token': queueToken } });
  const refused = await fetch('${api}/v1/wallet');
  const events = new EventSource('${api}/v1/schedules/${scheduleId}/seats/events?since=' + (version - 1));
  const event = await new Promise((resolve) => events.addEventListener('seats', resolve, { once: true }));
  return {
    map: map.headers.get('ETag').includes(String(version)),
    version,
    signedUp: signedUp.status,
    poll: (await poll.json()).queue.status,
    left: poll.headers.get('RateLimit').split(';')[0],
    refused: [refused.status, (await refused.json()).type, refused.headers.get('X-Request-Id') !== null],
    event: JSON.parse(event.data).version,
  };
}
shop().then((seen) => seen, (error) => ({ error: String(error) }))
  .then((seen) => fetch('/seen', { method: 'POST', body: JSON.stringify(seen) }));
</script>`;

whereThereIsABrowser('a page in a browser', () => {
  let edge: Edge;
  let scheduleId: string;
  let profile: string;
  let allowed: number;
  let other: number;
  let pages: Server[];
  let browser: ChildProcess | undefined;

  beforeAll(async () => {
    [allowed, other] = [await freePort(), await freePort()];
    edge = await startEdge({
      settings: { CORS_ORIGINS: `http://127.0.0.1:${allowed}`, RATE_LIMIT_FACTOR: '1' },
    });
    ({ scheduleId } = await createSale(edge.database.owner));
    profile = mkdtempSync(path.join(os.tmpdir(), 'holdfast-browser-'));
    pages = [];
  });
  afterEach(async () => {
    if (browser?.exitCode === null) {
      browser.kill('SIGKILL');
      await once(browser, 'exit');
    }
  });
  afterAll(async () => {
    for (const page of pages) page.close();
    await edge.stop();
    rmSync(profile, { recursive: true, force: true });
  });

  /** Opens the shop on an origin, and waits for its report. */
  async function seenFrom(port: number): Promise<Record<string, unknown>> {
    const seen = new Promise<string>((resolve) => {
      const page = createServer((request, response) => {
        if (request.method === 'POST') void text(request).then(resolve);
        response
          .setHeader('Content-Type', 'text/html')
          .end(request.method === 'GET' ? shop(edge.url, scheduleId) : '');
      });
      pages.push(page.listen(port, '127.0.0.1'));
    });
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
    ];
    const args = [...flags, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`];
    browser = spawn(BROWSER ?? '', args, { stdio: 'ignore' });
    return parse(await seen);
  }

  it('can shop if CORS_ORIGINS names its origin', async () => {
    const seen = await seenFrom(allowed);
    expect(seen).toEqual({
      map: true,
      version: seen['version'],
      signedUp: 201,
      poll: 'ACTIVE',
      left: '"queue-poll"',
      refused: [401, '/problems/unauthenticated', true],
      event: seen['version'],
    });
  }, 60_000);

  it('can read nothing if its origin is another one', async () => {
    expect(await seenFrom(other)).toEqual({ error: 'TypeError: Failed to fetch' });
  }, 60_000);
});
