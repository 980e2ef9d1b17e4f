import type Stripe from 'stripe';
import type { BookedCharge, BookPage } from '../../domain/payments/gateway';

/**
 * A page of the account's charges, by the time of their authorisation. A charge has the metadata of its intent. A
 * charge that only failed is no line of the book.
 *
 * @throws {Stripe.errors.StripeError} if it cannot be read
 */
export async function readCharges(
  stripe: Stripe,
  { from, to }: { from: number; to: number },
  cursor: string | undefined,
  timeout: number,
): Promise<BookPage> {
  const { data, has_more } = await stripe.charges.list(
    {
      // Stripe counts in whole seconds.
      created: { gte: Math.ceil(from / 1000), lt: Math.ceil(to / 1000) },
      limit: 100,
      ...(cursor === undefined ? {} : { starting_after: cursor }),
    },
    { timeout },
  );
  return {
    items: data.filter(({ status }) => status === 'succeeded').map(asBooked),
    nextCursor: has_more ? (data.at(-1)?.id ?? null) : null,
  };
}

function asBooked(charge: Stripe.Charge): BookedCharge {
  const { id, payment_intent, metadata, captured, amount, amount_captured, amount_refunded } = charge;
  return {
    gatewayPaymentId: typeof payment_intent === 'string' ? payment_intent : id,
    idempotencyKey: metadata['attempt'] ?? null,
    orderId: metadata['order'] ?? null,
    status: captured ? 'CAPTURED' : 'AUTHORISED',
    amount: captured ? amount_captured : amount,
    refunded: amount_refunded,
    currency: charge.currency.toUpperCase(),
    bookedAt: new Date(charge.created * 1000).toISOString(),
  };
}
