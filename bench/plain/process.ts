import { once } from 'node:events';
import { importJWK } from 'jose';
import { Pool } from 'pg';
import { serve } from '../processes/serve';
import type { PlainServiceCommand, PlainServiceTarget } from './protocol';
import { createPlainService } from './service';

/** As many connections as an API and a worker of Holdfast have together. */
const CONNECTIONS = 20;

serve<PlainServiceTarget, PlainServiceCommand>(async (target) => {
  const pool = new Pool({ connectionString: target.databaseUrl, max: CONNECTIONS });
  const { app, stop } = createPlainService({
    pool,
    key: await importJWK(target.publicJwk, 'EdDSA'),
    gateway: { url: target.gatewayUrl, secret: target.gatewaySecret },
  });
  // A request that a kill cuts off is part of the measurement.
  app.silent = true;
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  return {
    handle: () => Promise.resolve(address.port),
    async close() {
      stop();
      server.closeAllConnections();
      server.close();
      await pool.end();
    },
  };
});
