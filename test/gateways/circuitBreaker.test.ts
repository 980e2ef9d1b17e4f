import { Registry } from 'prom-client';
import { createLogger } from '../../src/config/logging';
import { withCircuitBreaker, type GuardedGateway } from '../../src/gateways/circuitBreaker';
import { registerCircuitMetric } from '../../src/worker/circuitMetric';
import type { ChargeOutcome } from '../../src/gateways/gateway';
import { createScriptedGateway, type ChargeScript, type ScriptedGateway } from '../support/scriptedGateway';
import { aCharge } from './sandboxServer';

const NOT_SENT = { outcome: 'unknown', reason: 'gateway-unavailable' };

let behind: ScriptedGateway;
let gateway: GuardedGateway;
let logged: unknown[];

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  behind = createScriptedGateway();
  logged = [];
  const logger = createLogger('test', 'silent');
  jest.spyOn(logger, 'warn').mockImplementation((line: unknown) => void logged.push(line));
  gateway = withCircuitBreaker(behind, logger);
});
afterEach(() => jest.useRealTimers());

const times = (count: number, script: ChargeScript): ChargeScript[] =>
  Array.from({ length: count }, () => script);

/** So many charges, one after another. */
async function charge(count: number): Promise<string[]> {
  const outcomes: string[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    const outcome = await gateway.charge(aCharge());
    outcomes.push(outcome.outcome === 'unknown' ? outcome.reason : outcome.outcome);
  }
  return outcomes;
}

const sent = (): number => behind.calls.filter((call) => call.startsWith('charge')).length;

async function open(): Promise<void> {
  behind.script(...times(10, 'fail'));
  await charge(10);
}

describe('charges without a word', () => {
  it('ten in a row keep further ones back, which are unknown, never declined', async () => {
    behind.script(...times(10, 'fail'));
    expect(await charge(10)).toEqual(Array.from({ length: 10 }, () => 'no-answer'));

    expect(await gateway.charge(aCharge())).toEqual(NOT_SENT);
    expect(sent()).toBe(10);
    expect(gateway.circuit()).toBe('open');
  });

  it.each<ChargeScript>(['approve', 'decline', 'authorise'])(
    'do not count after one that was %sd',
    async (word) => {
      behind.script(...times(9, 'fail'), word, ...times(9, 'fail'));

      await charge(19);

      expect(gateway.circuit()).toBe('closed');
      expect(await charge(1)).toEqual(['approved']);
    },
  );

  it('a hundred declines keep nothing back', async () => {
    behind.script(...times(100, 'decline'));

    await charge(100);

    expect(gateway.circuit()).toBe('closed');
  });
});

describe('while charges are kept back', () => {
  it('everything that finds out, takes what is reserved, or gives back is sent all the same', async () => {
    const request = aCharge();
    await behind.charge(request);
    await open();

    expect(await gateway.lookUp(request)).toMatchObject({ outcome: 'approved' });
    expect(await gateway.capture(request, 'any')).toMatchObject({ outcome: 'approved' });
    const refund = { refundKey: 'one', charge: request, gatewayPaymentId: 'any', amount: 1, reason: 'test' };
    expect(await gateway.refund(refund)).toMatchObject({ outcome: 'refunded' });
    expect(await gateway.void(request, 'test')).toMatchObject({ outcome: 'voided' });
    expect(gateway.circuit()).toBe('open');
  });

  it('after five seconds one charge is sent, and with its answer all the others', async () => {
    await open();
    jest.advanceTimersByTime(4_999);
    expect(await charge(1)).toEqual(['gateway-unavailable']);
    jest.advanceTimersByTime(1);

    expect(await charge(3)).toEqual(['approved', 'approved', 'approved']);
    expect(gateway.circuit()).toBe('closed');
  });

  it('without an answer to that one, it is another five seconds', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    behind.script('fail');

    expect(await charge(2)).toEqual(['no-answer', 'gateway-unavailable']);
    jest.advanceTimersByTime(5_000);
    expect(await charge(1)).toEqual(['approved']);
  });

  it('nobody waits for that one', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    let answer: ((outcome: ChargeOutcome) => void) | undefined;
    jest
      .spyOn(behind, 'charge')
      .mockImplementationOnce(async () => new Promise((resolve) => (answer = resolve)));
    const probe = gateway.charge(aCharge());

    expect(await gateway.charge(aCharge())).toEqual(NOT_SENT);
    expect(gateway.circuit()).toBe('half-open');
    answer?.({ outcome: 'declined', reason: 'test' });
    expect(await probe).toMatchObject({ outcome: 'declined' });
    expect(await charge(1)).toEqual(['approved']);
  });
});

describe('an operator', () => {
  it('reads each change in the log', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    await charge(1);

    expect(logged).toEqual([
      { gateway: 'sandbox', circuit: 'open' },
      { gateway: 'sandbox', circuit: 'half-open' },
      { gateway: 'sandbox', circuit: 'closed' },
    ]);
  });

  it('sees the state in the metrics', async () => {
    const registry = new Registry();
    registerCircuitMetric(registry, gateway);
    const lines = async () => (await registry.metrics()).split('\n').filter((line) => line.endsWith(' 1'));

    expect(await lines()).toEqual(['holdfast_gateway_circuit{gateway="sandbox",state="closed"} 1']);
    await open();
    expect(await lines()).toEqual(['holdfast_gateway_circuit{gateway="sandbox",state="open"} 1']);
  });
});
