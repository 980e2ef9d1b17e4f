import { z } from 'zod';
import { RESERVATION_STATUSES } from '../../domain/reservations/reservationStates';
import { cancellationSchema } from '../cancellations/schema';
import { pageQuery } from '../http/paging';

/** More than any schedule's own limit; a request beyond it is a mistake or an attack. */
const MAX_SEATS = 50;

const instant = z.iso.datetime();
const money = z.int();

const label = z.string().min(1).max(100);

const seatIds = z
  .array(z.uuid())
  .min(1)
  .max(MAX_SEATS)
  .refine((ids) => new Set(ids).size === ids.length, { message: 'A seat is named twice' });

export const reservationBody = z
  .strictObject({
    seatId: z.uuid().optional().meta({ description: 'One seat' }),
    seatIds: seatIds.optional().meta({ description: 'Several seats of one schedule, all or nothing' }),
    scheduleId: z.uuid().optional().meta({ description: 'Asks for the best available seats of a schedule' }),
    quantity: z
      .int()
      .min(1)
      .max(MAX_SEATS)
      .optional()
      .meta({ description: 'The number of seats, with scheduleId' }),
    grade: label.optional().meta({ description: 'Only seats of this grade, with scheduleId' }),
    zone: label.optional().meta({ description: 'Only seats in this zone, with scheduleId' }),
    accessible: z
      .boolean()
      .optional()
      .meta({
        description:
          'true, with scheduleId: only wheelchair spaces and the seats of companions beside them. Otherwise ' +
          'these are offered only if no others are left',
      }),
    queueToken: z.string().optional(),
  })
  // Runs also if there are other faults, so that one response reports all of them.
  .superRefine(
    (body, context) => {
      for (const issue of formFaults(body)) context.addIssue({ code: 'custom', ...issue });
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  );

/** Named seats and best available seats exclude each other, and each form needs its own fields. */
function formFaults(body: object): { path: string[]; message: string }[] {
  const has = (field: string): boolean => field in body;
  const best = ['scheduleId', 'quantity', 'grade', 'zone', 'accessible'].filter(has);
  const forms = [has('seatId'), has('seatIds'), best.length > 0].filter(Boolean).length;
  if (forms !== 1) {
    return [{ path: ['seatIds'], message: 'Give one of seatId, seatIds, and scheduleId with quantity' }];
  }
  if (best.length === 0) return [];
  return ['scheduleId', 'quantity']
    .filter((field) => !has(field))
    .map((field) => ({ path: [field], message: 'The best available seats need scheduleId and quantity' }));
}

export const reservationParams = z.object({ reservationId: z.uuid() });

export const reservationListQuery = z.object({
  status: z.enum(RESERVATION_STATUSES).optional(),
  ...pageQuery,
});

export const paymentStatus = z.enum(['SETTLING', 'SUCCEEDED', 'FAILED', 'REFUNDED', 'PARTIALLY_REFUNDED']);

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
  reason: z.string().nullable().meta({ description: 'Why the payment failed' }),
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

export const grantedHoldSchema = heldReservationSchema.extend({
  assumedStage: z
    .object({ x: z.number(), y: z.number() })
    .optional()
    .meta({
      description:
        'Only for the best available seats: the plan does not say where its stage is, so the seats are near this ' +
        'point',
    }),
});

export const reservationSchema = heldReservationSchema.extend({
  payment: paymentSummarySchema
    .optional()
    .meta({ description: 'The payment that counts: the successful one, else the latest' }),
  tickets: z.array(ticketSchema).optional(),
  cancellation: cancellationSchema.optional().meta({
    description: 'The sums of all its cancellations. While seats are left, the reservation stays CONFIRMED',
  }),
});

export type ReservationBody = z.output<typeof reservationBody>;
export type HeldReservationView = z.output<typeof heldReservationSchema>;
export type ReservationView = z.output<typeof reservationSchema>;
