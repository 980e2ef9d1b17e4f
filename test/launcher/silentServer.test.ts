import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../src/launcher/ports';
import { pingPostgres } from '../../src/launcher/servers/postgres';
import { pingRedis } from '../../src/launcher/servers/redis';

const sockets: Socket[] = [];
let server: Server;
let port: number;

/** It accepts connections and never responds, like a frozen server. */
beforeAll(async () => {
  port = await freePort();
  server = createServer((socket) => sockets.push(socket));
  await once(server.listen(port, '127.0.0.1'), 'listening');
});
afterAll(() => {
  server.close();
  for (const socket of sockets) socket.destroy();
});

describe('a server that accepts connections and never responds', () => {
  it.each([
    ['Redis', async () => pingRedis(`redis://:secret@127.0.0.1:${port}`)],
    ['Postgres', async () => pingPostgres(`postgres://me:secret@127.0.0.1:${port}/holdfast`)],
  ])('fails the check after a time limit: %s', async (_name, ping) => {
    await expect(ping()).rejects.toBeInstanceOf(Error);
  });
});
