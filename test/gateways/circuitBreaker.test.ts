import { EventEmitter, once } from 'node:events';
import { Registry } from 'prom-client';
import { createLogger } from '../../src/config/logging';
import { withCircuitBreaker, type GuardedGateway } from '../../src/gateways/circuitBreaker';
import type { ChargeRequest } from '../../src/domain/payments/gateway';
import { registerCircuitMetric } from '../../src/worker/metrics/circuitMetric';
import { eventually } from '../support/eventually';
import { createScriptedGateway, type ScriptedGateway } from '../support/scriptedGateway';
import { aCharge, connectGateway, startSandbox } from '../sandbox/server';

const NOT_SENT = { outcome: 'unknown', reason: 'gateway-unavailable' };
const NO_ANSWER = { outcome: 'unknown', reason: 'no-answer' };

const logger = createLogger('test', 'silent');

let behind: ScriptedGateway;
let gateway: GuardedGateway;
let ping: jest.SpyInstance<Promise<void>>;
let logged: unknown[];

beforeEach(() => {
  behind = createScriptedGateway();
  ping = jest.spyOn(behind, 'ping');
  logged = [];
  jest.spyOn(logger, 'warn').mockImplementation((line: unknown) => void logged.push(line));
  gateway = withCircuitBreaker(behind, logger);
});
afterEach(async () => gateway.close());

const down = async () => Promise.reject(new Error('nobody answers'));

/** Sends `count` charges at once. None of them gets a response. */
async function unanswered(count: number): Promise<void> {
  behind.script(...Array.from({ length: count }, () => 'fail' as const));
  const outcomes = await Promise.all(Array.from({ length: count }, async () => gateway.charge(aCharge())));
  expect(outcomes).toEqual(outcomes.map(() => NO_ANSWER));
}

async function open(): Promise<void> {
  ping.mockImplementation(down);
  await unanswered(1);
  await eventually(async () => expect(gateway.circuit()).toBe('open'));
}

describe('charges without a response', () => {
  it('hold back no charge while the gateway responds to a ping, even if there are many', async () => {
    await unanswered(100);
    await unanswered(100);

    expect(gateway.circuit()).toBe('closed');
    expect(await gateway.charge(aCharge())).toMatchObject({ outcome: 'approved' });
  });

  it('cause one ping at a time', async () => {
    const answer = new EventEmitter();
    ping.mockImplementation(async () => void (await once(answer, 'here')));

    await unanswered(50);

    expect(ping).toHaveBeenCalledTimes(1);
    answer.emit('here');
  });

  it('hold back further charges as unknown, never declined, after two missed pings in a row', async () => {
    await open();

    expect(ping).toHaveBeenCalledTimes(2);
    expect(await gateway.charge(aCharge())).toEqual(NOT_SENT);
    expect(behind.calls).toHaveLength(1);
  });

  it('hold back no charge if the second ping gets a response', async () => {
    ping.mockImplementationOnce(down);

    await unanswered(1);

    await eventually(async () => expect(ping).toHaveBeenCalledTimes(2));
    expect(gateway.circuit()).toBe('closed');
  });
});

describe('while charges are held back', () => {
  const request = aCharge();
  const refund = { refundKey: 'one', charge: request, gatewayPaymentId: 'any', amount: 1, reason: 'test' };
  const calls: [string, (asked: ChargeRequest) => Promise<{ outcome: string }>][] = [
    ['lookUp', async (asked) => gateway.lookUp(asked)],
    ['capture', async (asked) => gateway.capture(asked, 'any')],
    ['refund', async () => gateway.refund(refund)],
    ['void', async (asked) => gateway.void(asked, 'test')],
  ];

  it.each(calls)('%s is still sent, and its response closes the circuit', async (name, call) => {
    await behind.charge(request);
    await open();

    expect((await call(request)).outcome).not.toBe('unknown');

    expect(behind.calls.at(-1)).toContain(name);
    expect(gateway.circuit()).toBe('closed');
  });

  it('a call without a response keeps the circuit open', async () => {
    await open();
    behind.unanswered.voids = 1;

    expect(await gateway.void(request, 'test')).toEqual(NO_ANSWER);

    expect(gateway.circuit()).toBe('open');
  });

  it('the gateway is pinged until it responds, and then charges are sent again automatically', async () => {
    await open();
    await eventually(async () => expect(ping.mock.calls.length).toBeGreaterThan(3));
    ping.mockImplementation(async () => undefined);

    await eventually(async () => expect(gateway.circuit()).toBe('closed'));

    expect(await gateway.charge(aCharge())).toMatchObject({ outcome: 'approved' });
  });

  it('no ping is sent after the process has begun to end', async () => {
    await open();
    await gateway.close();
    const sent = ping.mock.calls.length;

    await new Promise((resolve) => setTimeout(resolve, 1_500));

    expect(ping).toHaveBeenCalledTimes(sent);
  });
});

describe('with the sandbox gateway', () => {
  it('cards of one client that get no response do not hold back the charges of others', async () => {
    const sandbox = await startSandbox();
    const guarded = withCircuitBreaker(connectGateway(sandbox.url), logger);
    const slow = Array.from({ length: 150 }, async () =>
      guarded.charge(aCharge({ payerId: 'one client', paymentKey: 'sandbox:timeout' })),
    );

    expect(new Set((await Promise.all(slow)).map(({ outcome }) => outcome))).toEqual(new Set(['unknown']));

    expect(await guarded.charge(aCharge())).toMatchObject({ outcome: 'approved' });
    expect(guarded.circuit()).toBe('closed');
    await guarded.close();
    await sandbox.stop();
  });
});

describe('an operator', () => {
  it('sees each change in the log', async () => {
    await open();
    ping.mockImplementation(async () => undefined);
    await eventually(async () => expect(gateway.circuit()).toBe('closed'));

    expect(logged).toEqual([
      { gateway: 'sandbox', circuit: 'open' },
      { gateway: 'sandbox', circuit: 'closed' },
    ]);
  });

  it('sees the state in the metrics', async () => {
    const registry = new Registry();
    registerCircuitMetric(registry, [gateway]);
    const lines = async () => (await registry.metrics()).split('\n').filter((line) => line.endsWith(' 1'));

    expect(await lines()).toEqual(['holdfast_gateway_circuit{gateway="sandbox",state="closed"} 1']);
    await open();
    expect(await lines()).toEqual(['holdfast_gateway_circuit{gateway="sandbox",state="open"} 1']);
  });
});
