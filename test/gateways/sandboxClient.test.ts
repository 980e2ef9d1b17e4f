import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { PaymentGateway } from '../../src/domain/payments/gateway';
import { aCharge, connectGateway, listen, startSandbox } from '../sandbox/server';

/** A gateway that gives responses that no honest gateway would give. */
async function startLiar(listener: RequestListener): Promise<{ server: Server; gateway: PaymentGateway }> {
  const server = createServer(listener);
  return { server, gateway: connectGateway(await listen(server)) };
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('the client reports unknown for', () => {
  const charge = aCharge();
  const captured = {
    status: 'CAPTURED',
    ...charge,
    gatewayPaymentId: 'sandbox-1',
    approvedAt: '2030-01-01T00:00:00.000Z',
    refunds: [],
  };

  it.each<[string, RequestListener, string]>([
    ['another amount', json(200, { ...captured, amount: 1 }), 'amount-differs'],
    ['another currency', json(200, { ...captured, currency: 'USD' }), 'amount-differs'],
    ['another charge', json(200, { ...captured, idempotencyKey: 'other' }), 'malformed-answer'],
    ['a success without a charge', json(200, {}), 'malformed-answer'],
    ['a refusal without a charge', json(402, {}), 'malformed-answer'],
    ['a refusal of the request', json(400, { error: 'bad-request', message: '' }), 'http-400'],
    ['a proxy that finds no gateway', json(502, {}), 'http-502'],
    ['a connection that is cut', (request) => request.socket.destroy(), 'UND_ERR_SOCKET'],
    [
      'a body that breaks off',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{');
        setImmediate(() => response.destroy());
      },
      'UND_ERR_SOCKET',
    ],
    ['a body that is not JSON', (_request, response) => void response.end('<html>'), 'no-answer'],
  ])('%s', async (_name, listener, reason) => {
    const { server, gateway } = await startLiar(listener);

    expect(await gateway.charge(charge)).toEqual({ outcome: 'unknown', reason });

    await gateway.close();
    server.close();
    await once(server, 'close');
  });

  it('a void that leaves the charge captured', async () => {
    const { server, gateway } = await startLiar(json(200, captured));

    expect(await gateway.void(charge, 'test')).toMatchObject({ outcome: 'unknown' });

    await gateway.close();
    server.close();
    await once(server, 'close');
  });

  it('a 404 of another server, never absent', async () => {
    const { server, gateway } = await startLiar(json(404, { error: 'not-found', message: '' }));

    expect(await gateway.lookUp(charge)).toEqual({ outcome: 'unknown', reason: 'http-404' });

    await gateway.close();
    server.close();
    await once(server, 'close');
  });

  it('a gateway that is not there', async () => {
    const sandbox = await startSandbox();
    await sandbox.stop();
    const gateway = connectGateway(sandbox.url);
    const unknown = { outcome: 'unknown', reason: 'ECONNREFUSED' };

    expect(await gateway.charge(charge)).toEqual(unknown);
    expect(await gateway.lookUp(charge)).toEqual(unknown);
    expect(await gateway.void(charge, 'test')).toEqual(unknown);
    await expect(gateway.ping()).rejects.toThrow('does not answer: ECONNREFUSED');
    await gateway.close();
  });
});

describe('the ping', () => {
  it('reports a wrong secret without repeating it', async () => {
    const sandbox = await startSandbox();
    const wrong = connectGateway(sandbox.url, 'x'.repeat(40));

    await expect(sandbox.gateway.ping()).resolves.toBeUndefined();
    await expect(wrong.ping()).rejects.toThrow(/^the sandbox gateway answers 401$/);
    await wrong.close();
    await sandbox.stop();
  });
});
