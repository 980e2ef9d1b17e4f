import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import type { PaymentGateway } from '../../src/domain/payments/gateway';
import { aCharge, connectGateway, listen } from '../sandbox/server';

const request = aCharge();
const refund = { refundKey: 'one', charge: request, gatewayPaymentId: 'any', amount: 1, reason: 'test' };

/** Each call, and its total time limit, from the connection to the last byte. */
const CALLS: [name: string, milliseconds: number, call: (gateway: PaymentGateway) => Promise<unknown>][] = [
  ['charge', 3_000, async (gateway) => gateway.charge(request)],
  ['capture', 2_000, async (gateway) => gateway.capture(request, 'any')],
  ['lookUp', 2_000, async (gateway) => gateway.lookUp(request)],
  ['void', 2_000, async (gateway) => gateway.void(request, 'test')],
  ['refund', 2_000, async (gateway) => gateway.refund(refund)],
  ['ping', 2_000, async (gateway) => gateway.ping()],
];

/** On a busy machine, a timer is late and never early. */
const LATE_MS = 1_500;

async function timed(call: () => Promise<unknown>): Promise<{ outcome: unknown; took: number }> {
  const began = performance.now();
  const outcome = await call().catch((error: unknown) => (error instanceof Error ? error.message : error));
  return { outcome, took: performance.now() - began };
}

const silent: RequestListener = () => undefined;

/** Sends a byte from time to time, so that the connection is never idle. */
const dripping: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const drip = setInterval(() => response.write(' '), 100);
  response.once('close', () => clearInterval(drip));
};

describe.each<[string, RequestListener]>([
  ['never responds', silent],
  ['responds byte by byte without an end', dripping],
])('a gateway that %s', (_name, listener) => {
  it.each(CALLS)('delays %s by no more than %i ms', async (name, milliseconds, call) => {
    const server = createServer(listener);
    const gateway = connectGateway(await listen(server));

    const { outcome, took } = await timed(async () => call(gateway));

    expect(outcome).toEqual(
      name === 'ping'
        ? 'the sandbox gateway does not answer: timeout'
        : { outcome: 'unknown', reason: 'timeout' },
    );
    expect(took).toBeGreaterThan(milliseconds - 50);
    expect(took).toBeLessThan(milliseconds + LATE_MS);
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    await gateway.close();
  });
});

/** Listens with a backlog of one connection, and stops itself. */
const DEAF = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
  process.stdout.write(String(this.address().port), () => process.kill(process.pid, 'SIGSTOP'));
})`;

describe('a gateway that accepts no connection', () => {
  it('delays a charge by no more than about a second', async () => {
    const deaf = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [port] = (await once(deaf.stdout, 'data')).map(Number);
    const waiting = Array.from({ length: 4 }, () =>
      connect(port ?? 0, '127.0.0.1').on('error', () => undefined),
    );
    await once(waiting[0] ?? deaf, 'connect');
    const gateway = connectGateway(`http://127.0.0.1:${port}`);

    const { outcome, took } = await timed(async () => gateway.charge(request));

    expect(outcome).toEqual({ outcome: 'unknown', reason: 'UND_ERR_CONNECT_TIMEOUT' });
    expect(took).toBeGreaterThan(950);
    expect(took).toBeLessThan(1_000 + LATE_MS);
    for (const socket of waiting) socket.destroy();
    deaf.kill('SIGKILL');
    await gateway.close();
  });
});
