import { EventEmitter, once } from 'node:events';
import { startServer } from '../../../src/api/http/server';

describe('stopping the server', () => {
  it('lets what is under way end, and takes no more', async () => {
    const requests = new EventEmitter();
    const server = await startServer(
      (_request, response) => {
        requests.emit('arrived');
        requests.once('finish', () => response.end('done'));
      },
      '127.0.0.1',
      0,
    );
    const arrived = once(requests, 'arrived');
    const underWay = fetch(server.url);
    await arrived;
    const stopped = server.stop(5_000);
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
    requests.emit('finish');
    const finished = Date.now();
    expect(await (await underWay).text()).toBe('done');
    await stopped;
    expect(Date.now() - finished).toBeLessThan(2_000);
  });

  it('cuts what is still under way at the deadline', async () => {
    const requests = new EventEmitter();
    const server = await startServer(() => requests.emit('arrived'), '127.0.0.1', 0);
    const arrived = once(requests, 'arrived');
    const outcome = fetch(server.url).then(
      () => 'answered',
      () => 'cut',
    );
    await arrived;
    await server.stop(50);
    expect(await outcome).toBe('cut');
  });

  it('does not wait for connections that are kept open without a request', async () => {
    const server = await startServer((_request, response) => response.end('ok'), '127.0.0.1', 0);
    await (await fetch(server.url)).text();
    const start = Date.now();
    await server.stop(5_000);
    expect(Date.now() - start).toBeLessThan(2_000);
  });

  it('fails to start on a port that is taken', async () => {
    const first = await startServer((_request, response) => response.end(), '127.0.0.1', 0);
    const port = Number(new URL(first.url).port);
    await expect(
      startServer((_request, response) => response.end(), '127.0.0.1', port),
    ).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await first.stop(0);
  });
});
