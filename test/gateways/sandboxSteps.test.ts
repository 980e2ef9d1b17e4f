import { setTimeout as pause } from 'node:timers/promises';
import type { BookedCharge } from '../../src/domain/payments/gateway';
import { eventually } from '../support/eventually';
import { aCharge, startSandbox, type RunningSandbox } from '../sandbox/server';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const voided = { outcome: 'declined', reason: 'voided' };

async function anAuthorisation(paymentKey = 'sandbox:authorise') {
  const charge = aCharge({ paymentKey });
  const outcome = await sandbox.gateway.charge(charge);
  if (outcome.outcome !== 'authorised') throw new Error(`the charge is ${outcome.outcome}`);
  return { charge, gatewayPaymentId: outcome.gatewayPaymentId };
}

describe('a charge in two steps', () => {
  it('is only reserved until it is captured, once', async () => {
    const { charge, gatewayPaymentId } = await anAuthorisation();
    expect(await sandbox.gateway.lookUp(charge)).toEqual({ outcome: 'authorised', gatewayPaymentId });
    expect(await sandbox.gateway.charge(charge)).toEqual({ outcome: 'authorised', gatewayPaymentId });

    const captured = await sandbox.gateway.capture(charge, gatewayPaymentId);

    expect(captured).toMatchObject({ outcome: 'approved', gatewayPaymentId });
    expect(await sandbox.gateway.capture(charge, gatewayPaymentId)).toEqual(captured);
    expect(await sandbox.gateway.lookUp(charge)).toEqual(captured);
  });

  it('is released by a void, and cannot be captured afterwards', async () => {
    const { charge, gatewayPaymentId } = await anAuthorisation();

    expect(await sandbox.gateway.void(charge, 'test')).toEqual({ outcome: 'voided', returned: 0 });
    expect(await sandbox.gateway.capture(charge, gatewayPaymentId)).toEqual(voided);
    expect(await sandbox.gateway.lookUp(charge)).toEqual(voided);
  });

  it('authorise-refused releases the money at the capture', async () => {
    const { charge, gatewayPaymentId } = await anAuthorisation('sandbox:authorise-refused');
    const declined = { outcome: 'declined', reason: 'capture-refused' };

    expect(await sandbox.gateway.capture(charge, gatewayPaymentId)).toEqual(declined);
    expect(await sandbox.gateway.lookUp(charge)).toEqual(declined);
  });

  it('authorise-timeout captures without a response', async () => {
    const { charge, gatewayPaymentId } = await anAuthorisation('sandbox:authorise-timeout');

    expect(await sandbox.gateway.capture(charge, gatewayPaymentId)).toEqual({
      outcome: 'unknown',
      reason: 'timeout',
    });
    expect(await sandbox.gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
  });

  it('has nothing to capture if nothing is booked', async () => {
    expect(await sandbox.gateway.capture(aCharge(), 'any')).toEqual({ outcome: 'unknown', reason: 'absent' });
  });
});

describe('a gateway that does not know the outcome for a while', () => {
  const away = { outcome: 'unknown', reason: 'http-503' };

  it('late-look-up:4000 reports the charge only after that time, and can be voided before', async () => {
    const [first, second] = [
      aCharge({ paymentKey: 'sandbox:late-look-up:4000' }),
      aCharge({ paymentKey: 'sandbox:late-look-up:4000' }),
    ];
    const unanswered = [sandbox.gateway.charge(first), sandbox.gateway.charge(second)];
    await eventually(async () => expect(await sandbox.gateway.lookUp(first)).toEqual(away));
    await eventually(async () => expect(await sandbox.gateway.lookUp(second)).toEqual(away));
    expect(await sandbox.gateway.void(second, 'test')).toEqual({ outcome: 'voided', returned: 2_000 });
    expect((await Promise.all(unanswered)).map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);

    await eventually(async () =>
      expect(await sandbox.gateway.lookUp(first)).toMatchObject({ outcome: 'approved' }),
    );
  });

  it('outage:4000 gives no response about the charge before that time', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:outage:4000' });
    const unanswered = sandbox.gateway.charge(charge);
    await eventually(async () => expect(await sandbox.gateway.lookUp(charge)).toEqual(away));
    const refund = { refundKey: 'one', charge, gatewayPaymentId: 'any', amount: 1, reason: 'test' };
    expect(await sandbox.gateway.void(charge, 'test')).toEqual(away);
    expect(await sandbox.gateway.capture(charge, 'any')).toEqual(away);
    expect(await sandbox.gateway.refund(refund)).toEqual(away);
    expect(await unanswered).toEqual({ outcome: 'unknown', reason: 'timeout' });

    await eventually(async () =>
      expect(await sandbox.gateway.void(charge, 'test')).toEqual({ outcome: 'voided', returned: 2_000 }),
    );
  });
});

const linesOf = async (from: number, to: number): Promise<BookedCharge[]> =>
  (await sandbox.gateway.readBook({ from, to })).items;

describe('a window of the book', () => {
  it('has only the charges that took or reserved money in it, from its start up to its end', async () => {
    const before = aCharge();
    await sandbox.gateway.charge(before);
    await pause(5);
    const from = Date.now();
    const [taken, reserved, declined, blocked] = [
      aCharge(),
      aCharge({ paymentKey: 'sandbox:authorise' }),
      aCharge({ paymentKey: 'sandbox:decline' }),
      aCharge(),
    ];
    await sandbox.gateway.charge(taken);
    await sandbox.gateway.charge(reserved);
    await sandbox.gateway.charge(declined);
    await sandbox.gateway.void(blocked, 'test');
    const refund = { refundKey: 'one', charge: taken, gatewayPaymentId: 'any', amount: 700, reason: 'test' };
    await sandbox.gateway.refund(refund);
    await pause(5);
    const to = Date.now();
    await sandbox.gateway.charge(aCharge());

    const lines = await linesOf(from, to);
    expect(lines).toMatchObject([
      { idempotencyKey: taken.idempotencyKey, orderId: taken.orderId, status: 'CAPTURED', refunded: 700 },
      { idempotencyKey: reserved.idempotencyKey, status: 'AUTHORISED', amount: 2_000, refunded: 0 },
    ]);
    const [first] = lines;
    const at = Date.parse(first?.bookedAt ?? '');
    expect(await linesOf(from, at)).toEqual([]);
    expect(await linesOf(at, at + 1)).toContainEqual(first);
  });

  it('shows a voided charge as refunded in full, at the time when it was taken', async () => {
    const from = Date.now();
    const charge = aCharge();
    await sandbox.gateway.charge(charge);
    await sandbox.gateway.void(charge, 'test');

    expect(await linesOf(from, Date.now() + 1)).toMatchObject([{ amount: 2_000, refunded: 2_000 }]);
  });
});
