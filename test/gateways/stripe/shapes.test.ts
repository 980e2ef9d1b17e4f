import { startStripe, takeMoney, aCardCharge, type OnStandIn } from './stripeGateway';
import type { Operation, SentRequest } from './standIn';
import { startStripeMock, type RunningStripeMock } from './stripeMock';

/** Includes the time to build stripe-mock, on a machine that does not have it yet. */
const FIRST_START_MS = 300_000;

let onStandIn: OnStandIn;
let mock: RunningStripeMock;

beforeAll(async () => {
  [onStandIn, mock] = await Promise.all([startStripe(), startStripeMock()]);
  await askEverything(onStandIn);
}, FIRST_START_MS);
afterAll(async () => {
  await onStandIn.stripe.stop();
  await mock.stop();
});

/** Makes every kind of request to the gateway once. */
async function askEverything({ gateway }: OnStandIn): Promise<void> {
  const { charge, gatewayPaymentId } = await takeMoney(gateway);
  await gateway.lookUp(charge);
  await gateway.lookUp({ ...charge, requestedAt: 0 });
  const refund = { charge, gatewayPaymentId, amount: 500, reason: 'test' };
  await gateway.refund({ ...refund, refundKey: 'refund-1' });
  await gateway.void(charge, 'test');
  await gateway.void(aCardCharge(), 'test');
  await gateway.readBook({ from: 0, to: Date.now() });
  await gateway.readBook({ from: 0, to: Date.now() }, 'ch_1');
  await gateway.ping();
}

async function sendToMock({ method, path, body }: SentRequest): Promise<{ status: number; error: string }> {
  const response = await fetch(`${mock.url}${path}`, {
    method,
    headers: { authorization: 'Bearer sk_test_123', 'content-type': 'application/x-www-form-urlencoded' },
    ...(method === 'POST' && { body }),
  });
  return { status: response.status, error: response.ok ? '' : await response.text() };
}

describe('every request matches the API description of Stripe', () => {
  it('according to stripe-mock', async () => {
    const { sent } = onStandIn.stripe;

    expect(new Set(sent.map(({ operation }) => operation))).toEqual(
      new Set<Operation>([
        'create',
        'confirm',
        'capture',
        'retrieve',
        'search',
        'refunds',
        'refund',
        'cancel',
        'charges',
        'intents',
      ]),
    );
    for (const request of sent) {
      const { operation } = request;
      expect({ operation, ...(await sendToMock(request)) }).toEqual({ operation, status: 200, error: '' });
    }
  });

  it('and stripe-mock rejects a wrong request', async () => {
    const [request] = onStandIn.stripe.sent;
    if (!request) throw new Error('nothing was sent');

    const misspelt = { ...request, body: request.body.replace('capture_method', 'capture_methode') };
    expect(await sendToMock(misspelt)).toMatchObject({ status: 400 });
    const foreign = { ...request, body: request.body.replace('manual', 'later') };
    expect(await sendToMock(foreign)).toMatchObject({ status: 400 });
  });
});
