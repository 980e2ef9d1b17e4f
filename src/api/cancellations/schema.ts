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
  fee: money.meta({ description: "Kept of the tickets' price" }),
  bookingFeeRefund: money.meta({ description: 'The booking fee, or 0 where it is kept' }),
  refund: z
    .object({ points: money, card: money, total: money, currency: z.string() })
    .meta({ description: 'Everything that goes back. Points come first and whole as far as it reaches' }),
};

export const previewSchema = z.object({
  cancellable: z.boolean(),
  reason: z.enum(NOT_CANCELLABLE_REASONS).nullable().meta({ description: 'Why not' }),
  rule: z.enum(CANCELLATION_RULES).nullable().meta({ description: 'Which rule of the policy gave the fee' }),
  ...figures,
  cancellableUntil: instant.meta({ description: 'From then on it is too late' }),
  policy: cancellationPolicySchema.meta({ description: 'As it was frozen with the reservation' }),
});

const MAX_SEATS = 50;

const someSeats = z
  .array(z.uuid())
  .min(1)
  .max(MAX_SEATS)
  .refine((ids) => new Set(ids).size === ids.length, { message: 'A seat is named twice' });

export const cancellationBody = z.strictObject({
  seatIds: someSeats.optional().meta({ description: 'The seats to cancel; left out, all that are left' }),
});

export const previewQuery = z.object({
  seatId: z
    .preprocess((given) => (typeof given === 'string' ? [given] : given), someSeats.optional())
    .transform((seatIds) => seatIds ?? null)
    .meta({ description: 'A seat to cancel, repeatable; left out, all that are left' }),
});

/** A cancellation beside its reservation. */
export const cancellationSchema = z.object({
  cause: z.enum(CANCELLATION_CAUSES),
  rule: z.enum(CANCELLATION_RULES),
  cancelledSeatIds: z.array(z.uuid()).meta({ description: 'Of these seats' }),
  ...figures,
  refundStatus: z
    .enum(['PENDING', 'DONE'])
    .meta({ description: "PENDING until the card's part is back; points are back at once" }),
  cancelledAt: instant,
});

export const cancelledSchema = z.object({
  reservationId: z.uuid(),
  status: z.enum(['CANCELLED', 'CONFIRMED']).meta({ description: 'CONFIRMED while other seats are left' }),
  ...cancellationSchema.shape,
});

export type CancellationView = z.output<typeof cancellationSchema>;
