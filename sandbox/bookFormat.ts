import type { Database, RootDatabase } from 'lmdb';
import type { Charge, Refund } from '../src/gateways/sandbox/protocol';

/** Increases with each change of the format of a line. 2: captures list their refunds. */
const FORMAT = 2;

/** A capture in format 1: completely refunded, or not at all. */
type OldCapture = Extract<Charge, { status: 'CAPTURED' | 'REFUNDED' }> & {
  refunds?: Refund[];
  refundedAt?: string;
  refundReason?: string;
};

/** Updates the lines of a book that an earlier version has written, once. */
export function upgradeBook(environment: RootDatabase, charges: Database<Charge, string>): void {
  const formats = environment.openDB<number, string>('format', { encoding: 'json' });
  if (formats.get('charges') === FORMAT) return;
  environment.transactionSync(() => {
    for (const { key, value } of charges.getRange()) {
      if (value.status === 'CAPTURED' || value.status === 'REFUNDED')
        charges.putSync(key, withRefunds(value));
    }
    formats.putSync('charges', FORMAT);
  });
}

function withRefunds({ refundedAt, refundReason, ...capture }: OldCapture): Charge {
  const { refunds, amount, gatewayPaymentId } = capture;
  // Lines that have the list were written by this version, whatever format number the book has.
  if (Array.isArray(refunds)) return capture;
  if (refundedAt === undefined) return { ...capture, refunds: [] };
  const whole: Refund = {
    refundKey: 'void',
    gatewayRefundId: `${gatewayPaymentId}-void`,
    amount,
    reason: refundReason ?? 'voided',
    refundedAt,
  };
  return { ...capture, refunds: [whole] };
}
