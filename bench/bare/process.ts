import { once } from 'node:events';
import { Redis } from 'ioredis';
import { importJWK, jwtVerify } from 'jose';
import Koa from 'koa';
import { serve } from '../processes/serve';
import type { BareCommand, BareTarget } from './protocol';

/** The shortest script that reads a key. */
const SCRIPT = `return redis.call('GET', KEYS[1])`;

interface SeatMap {
  headers: Record<string, string>;
  body: Buffer;
}

/**
 * The work that any Koa server has to do for such responses, and nothing else. It verifies one EdDSA token and runs
 * one script by its digest, or it sends a buffer unchanged.
 */
serve<BareTarget, BareCommand | { ask: 'port' }>(async ({ redisUrl, publicJwk }) => {
  const redis = new Redis(redisUrl);
  const digest = String(await redis.script('LOAD', SCRIPT));
  const key = await importJWK(publicJwk, 'EdDSA');
  const maps = new Map<string, SeatMap>();
  const app = new Koa();
  app.use(async (context) => {
    const map = maps.get(context.path);
    if (map) {
      context.set(map.headers);
      if (context.get('if-none-match') === map.headers['etag']) context.status = 304;
      else context.body = map.body;
      return;
    }
    const token = context.get('authorization').slice('Bearer '.length);
    const { payload } = await jwtVerify(token, key, { algorithms: ['EdDSA'], audience: 'holdfast-api' });
    const known = await redis.evalsha(digest, 1, `bare:${payload.sub}`);
    context.body = { known };
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  const { port } = address;
  return {
    handle(command) {
      if ('ask' in command) return Promise.resolve(port);
      const { name, headers, bodyBase64 } = command;
      maps.set(`/map/${name}`, { headers, body: Buffer.from(bodyBase64, 'base64') });
      return Promise.resolve(null);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await redis.quit();
    },
  };
});
