import { z } from 'zod';
import { paymentAmountSchema, paymentStatus, ticketSchema } from '../reservations/schema';

const instant = z.iso.datetime();

/** The key of the gateway for a payment that the client has prepared. */
export const paymentKey = z.string().regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 printable ASCII characters');

export const paymentBody = z.strictObject({
  reservationId: z.uuid(),
  queueToken: z.string().optional(),
  points: z.int().min(0).optional().meta({
    description:
      'Points from the wallet, at most the price of the seats. Without it, the whole price of the seats',
  }),
  paymentKey: paymentKey.optional(),
});

export const paymentParams = z.object({ paymentId: z.uuid() });

export const paidSchema = z.object({
  paymentId: z.uuid(),
  reservationId: z.uuid(),
  status: z.literal('SUCCEEDED'),
  reservationStatus: z.literal('CONFIRMED'),
  amount: paymentAmountSchema,
  approvedAt: instant,
  tickets: z.array(ticketSchema),
});

export const settlingSchema = z.object({
  paymentId: z.uuid(),
  reservationId: z.uuid(),
  status: z.literal('SETTLING'),
  reservationStatus: z.literal('SETTLING'),
});

export const paymentSchema = z.object({
  paymentId: z.uuid(),
  reservationId: z.uuid(),
  status: paymentStatus,
  amount: paymentAmountSchema,
  approvedAt: instant.nullable(),
  reason: z.string().nullable().meta({ description: 'Why the payment failed' }),
  createdAt: instant,
  tickets: z.array(ticketSchema).optional(),
});

export type PaymentBody = z.output<typeof paymentBody>;
