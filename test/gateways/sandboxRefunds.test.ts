import { randomUUID } from 'node:crypto';
import type { ChargeRequest, RefundRequest } from '../../src/domain/payments/gateway';
import { aCharge, startSandbox, type RunningSandbox } from '../sandbox/server';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

/** A charge of 2,000 that is approved. */
async function anApprovedCharge(paymentKey?: string): Promise<ChargeRequest> {
  const charge = aCharge(paymentKey === undefined ? {} : { paymentKey });
  expect(await sandbox.gateway.charge(charge)).toMatchObject({ outcome: 'approved' });
  return charge;
}

const aRefund = (charge: ChargeRequest, overrides: Partial<RefundRequest> = {}): RefundRequest => ({
  refundKey: randomUUID(),
  charge,
  gatewayPaymentId: 'any',
  amount: 500,
  reason: 'test',
  ...overrides,
});

const refund = (charge: ChargeRequest, overrides: Partial<RefundRequest> = {}) =>
  sandbox.gateway.refund(aRefund(charge, overrides));

/** The amounts that were refunded, refund by refund. */
async function givenBack({ idempotencyKey }: ChargeRequest): Promise<number[]> {
  const lines = await sandbox.book();
  const line = lines.find((one) => one.idempotencyKey === idempotencyKey);
  return line && 'refunds' in line ? line.refunds.map(({ amount }) => amount) : [];
}

describe('a refund', () => {
  it('returns parts until nothing is left; a charge refunded in part is still approved', async () => {
    const charge = await anApprovedCharge();

    expect(await refund(charge)).toMatchObject({ outcome: 'refunded' });
    expect(await sandbox.gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
    expect(await refund(charge, { amount: 1_501 })).toEqual({ outcome: 'refused', reason: 'more-than-left' });
    expect(await refund(charge, { amount: 1_500 })).toMatchObject({ outcome: 'refunded' });
    expect(await sandbox.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'voided' });
    expect(await givenBack(charge)).toEqual([500, 1_500]);
  });

  it('is made once for each key, with the same response each time', async () => {
    const charge = await anApprovedCharge();
    const one = aRefund(charge);

    const outcomes = await Promise.all(Array.from({ length: 10 }, () => sandbox.gateway.refund(one)));

    expect(outcomes[0]).toMatchObject({ outcome: 'refunded' });
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(await givenBack(charge)).toEqual([500]);
  });

  it('of another amount under the same key is unknown, and refunds nothing', async () => {
    const charge = await anApprovedCharge();
    const { refundKey } = aRefund(charge);
    await refund(charge, { refundKey });

    expect(await refund(charge, { refundKey, amount: 600 })).toEqual({
      outcome: 'unknown',
      reason: 'http-422',
    });
    expect(await givenBack(charge)).toEqual([500]);
  });

  it.each(['sandbox:decline', 'sandbox:authorise'])(
    'of a charge that is %s is refused',
    async (paymentKey) => {
      const charge = aCharge({ paymentKey });
      await sandbox.gateway.charge(charge);

      expect(await refund(charge)).toEqual({ outcome: 'refused', reason: 'not-captured' });
    },
  );

  it('and a void at the same time refund no more than was taken', async () => {
    const charges = await Promise.all(Array.from({ length: 20 }, () => anApprovedCharge()));
    await Promise.all(
      charges.flatMap((charge) => [refund(charge), sandbox.gateway.void(charge, 'race'), refund(charge)]),
    );

    const sums = await Promise.all(
      charges.map(async (charge) => (await givenBack(charge)).reduce((sum, amount) => sum + amount, 0)),
    );
    expect(sums).toEqual(charges.map(() => 2_000));
  });
});

describe('a refund that the payment key makes fail', () => {
  it('refund-refused:2 refuses two keys permanently, then refunds under a third', async () => {
    const charge = await anApprovedCharge('sandbox:refund-refused:2');
    const first = aRefund(charge);
    const refused = { outcome: 'refused', reason: 'refund-refused' };

    expect(await sandbox.gateway.refund(first)).toEqual(refused);
    expect(await sandbox.gateway.refund(first)).toEqual(refused);
    expect(await refund(charge)).toEqual(refused);
    expect(await refund(charge)).toMatchObject({ outcome: 'refunded' });
    expect(await sandbox.gateway.refund(first)).toEqual(refused);
    expect(await givenBack(charge)).toEqual([500]);
  });

  it('refund-error:2 fails twice and refunds nothing, then refunds under the same key', async () => {
    const one = aRefund(await anApprovedCharge('sandbox:refund-error:2'));
    const unknown = { outcome: 'unknown', reason: 'http-500' };

    expect(await sandbox.gateway.refund(one)).toEqual(unknown);
    expect(await givenBack(one.charge)).toEqual([]);
    expect(await sandbox.gateway.refund(one)).toEqual(unknown);
    expect(await sandbox.gateway.refund(one)).toMatchObject({ outcome: 'refunded' });
    expect(await givenBack(one.charge)).toEqual([500]);
  });

  it('refund-timeout:1 refunds without a response; the same key then returns the same refund', async () => {
    const one = aRefund(await anApprovedCharge('sandbox:refund-timeout:1'));

    expect(await sandbox.gateway.refund(one)).toEqual({ outcome: 'unknown', reason: 'timeout' });
    expect(await givenBack(one.charge)).toEqual([500]);
    expect(await sandbox.gateway.refund(one)).toMatchObject({ outcome: 'refunded' });
    expect(await givenBack(one.charge)).toEqual([500]);
  });
});
