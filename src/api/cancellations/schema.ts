import { z } from 'zod';
import { cancellationPolicySchema } from '../../domain/cancellations/cancellationPolicy';
import {
  CANCELLATION_CAUSES,
  CANCELLATION_RULES,
  NOT_CANCELLABLE_REASONS,
} from '../../domain/cancellations/cancellationTerms';

const instant = z.iso.datetime();
const money = z.int();

const figures = {
  fee: money.meta({ description: 'The part of the ticket price that is kept' }),
  bookingFeeRefund: money.meta({ description: 'The booking fee, or 0 if it is kept' }),
  refund: z.object({ points: money, card: money, total: money, currency: z.string() }).meta({
    description: 'The whole refund. It covers the points first, as far as it reaches, and then the card',
  }),
};

export const previewSchema = z.object({
  cancellable: z.boolean(),
  reason: z
    .enum(NOT_CANCELLABLE_REASONS)
    .nullable()
    .meta({ description: 'Why the reservation cannot be cancelled' }),
  rule: z
    .enum(CANCELLATION_RULES)
    .nullable()
    .meta({ description: 'The rule of the policy that set the fee' }),
  ...figures,
  cancellableUntil: instant.meta({ description: 'From this time on it is too late to cancel' }),
  policy: cancellationPolicySchema.meta({ description: 'The policy that was frozen with the reservation' }),
});

const MAX_SEATS = 50;

const someSeats = z
  .array(z.uuid())
  .min(1)
  .max(MAX_SEATS)
  .refine((ids) => new Set(ids).size === ids.length, { message: 'A seat is named twice' });

export const cancellationBody = z.strictObject({
  seatIds: someSeats
    .optional()
    .meta({ description: 'The seats to cancel. Without it, all seats that are left' }),
});

export const previewQuery = z.object({
  seatId: z
    .preprocess((given) => (typeof given === 'string' ? [given] : given), someSeats.optional())
    .transform((seatIds) => seatIds ?? null)
    .meta({ description: 'A seat to cancel; may be repeated. Without it, all seats that are left' }),
});

/** A cancellation, as a reservation shows it. */
export const cancellationSchema = z.object({
  cause: z.enum(CANCELLATION_CAUSES),
  rule: z.enum(CANCELLATION_RULES),
  cancelledSeatIds: z.array(z.uuid()).meta({ description: 'The cancelled seats' }),
  ...figures,
  refundStatus: z
    .enum(['PENDING', 'DONE'])
    .meta({ description: 'PENDING until the card part is refunded. Points are refunded at once' }),
  cancelledAt: instant,
});

export const cancelledSchema = z.object({
  reservationId: z.uuid(),
  status: z.enum(['CANCELLED', 'CONFIRMED']).meta({ description: 'CONFIRMED while other seats are left' }),
  ...cancellationSchema.shape,
});

export type CancellationView = z.output<typeof cancellationSchema>;
