import { Problem } from '../../domain/problems';

/** With these unique indexes, a payment that a client has prepared with the gateway pays only once. */
const CONSTRAINTS: ReadonlySet<unknown> = new Set([
  'one_payment_per_payment_key',
  'one_top_up_per_payment_key',
]);

/** @throws {Problem} payment-failed if the error is a payment key that was used before, else the error */
export function refuseUsedKey(error: unknown): never {
  if (error instanceof Error && 'constraint' in error && CONSTRAINTS.has(error.constraint)) {
    throw new Problem('payment-failed', 'This payment key was used before.', { reason: 'payment-key-used' });
  }
  throw error;
}
