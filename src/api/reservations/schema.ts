import { z } from 'zod';
import { RESERVATION_STATUSES } from '../../domain/reservationStates';
import { cancellationSchema } from '../cancellations/schema';
import { pageQuery } from '../http/paging';

/** More than any schedule's own limit; a request beyond it is a mistake or an attack. */
const MAX_SEATS = 50;

const instant = z.iso.datetime();
const money = z.int();

const seatIds = z
  .array(z.uuid())
  .min(1)
  .max(MAX_SEATS)
  .refine((ids) => new Set(ids).size === ids.length, { message: 'A seat is named twice' });

export const reservationBody = z
  .strictObject({
    seatId: z.uuid().optional().meta({ description: 'One seat' }),
    seatIds: seatIds.optional().meta({ description: 'Several seats of one schedule, all or nothing' }),
    queueToken: z.string().optional(),
  })
  .refine((body) => (body.seatId === undefined) !== (body.seatIds === undefined), {
    path: ['seatIds'],
    message: 'Give either seatId or seatIds',
  });

export const reservationParams = z.object({ reservationId: z.uuid() });

export const reservationListQuery = z.object({
  status: z.enum(RESERVATION_STATUSES).optional(),
  ...pageQuery,
});

export const paymentStatus = z.enum([
  'PENDING',
  'SETTLING',
  'SUCCEEDED',
  'FAILED',
  'REFUNDED',
  'PARTIALLY_REFUNDED',
]);

export const ticketSchema = z.object({ ticketId: z.uuid(), seatId: z.uuid() });

export const paymentAmountSchema = z.object({
  points: money,
  card: money,
  total: money,
  currency: z.string(),
});

export const paymentSummarySchema = z.object({
  paymentId: z.uuid(),
  status: paymentStatus,
  amount: paymentAmountSchema,
  approvedAt: instant.nullable(),
  reason: z.string().nullable().meta({ description: 'Why it failed' }),
});

export const heldReservationSchema = z.object({
  reservationId: z.uuid(),
  scheduleId: z.uuid(),
  status: z.enum(RESERVATION_STATUSES),
  seats: z.array(
    z.object({
      seatId: z.uuid(),
      zone: z.string(),
      row: z.string(),
      number: z.string(),
      grade: z.string(),
      price: money,
    }),
  ),
  amount: z.object({ tickets: money, bookingFee: money, total: money, currency: z.string() }),
  heldAt: instant,
  expiresAt: instant,
  holdSeconds: z.int(),
});

export const reservationSchema = heldReservationSchema.extend({
  payment: paymentSummarySchema
    .optional()
    .meta({ description: 'The payment that counts: the successful, else the latest' }),
  tickets: z.array(ticketSchema).optional(),
  cancellation: cancellationSchema.optional(),
});

export type ReservationBody = z.output<typeof reservationBody>;
export type HeldReservationView = z.output<typeof heldReservationSchema>;
export type ReservationView = z.output<typeof reservationSchema>;
