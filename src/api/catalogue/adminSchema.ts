import { z } from 'zod';
import { cancellationPolicySchema } from '../../domain/cancellations/cancellationPolicy';
import { SALE_SWITCHES } from '../../domain/catalogue/saleStatus';
import { waitingRoomSchema } from '../../domain/queue/waitingRoom';
import { scheduleSchema as publicScheduleSchema } from './schema';

/** Composed (NFC), so that a search also finds Hangul that was typed on another system. */
export const line = z.string().trim().normalize().min(1).max(200);
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
/** Whole KRW. The limit is far above any ticket price and far below the largest integer. */
const money = z.int().min(0).max(100_000_000);
const seatIds = z.array(z.uuid()).max(10_000).default([]);

export const newConcertSchema = z.strictObject({
  title: line,
  artist: line,
  description: z.string().trim().normalize().max(10_000).default(''),
});

export const newScheduleSchema = z.strictObject({
  venueId: z.uuid(),
  startsAt: time,
  saleOpensAt: time,
  saleClosesAt: time,
  prices: z.record(z.string(), money).meta({
    description:
      'The price of each category of the plan. A category without a price is not for sale: its seats are BLOCKED',
  }),
  bookingFee: money.default(2_000).meta({ description: 'For each seat' }),
  maxSeatsPerUser: z.int().min(1).max(100).default(4),
  waitingRoom: waitingRoomSchema.optional(),
  cancellationPolicy: cancellationPolicySchema.optional(),
});

export const scheduleChangeSchema = z
  .strictObject({
    saleSwitch: z.enum(SALE_SWITCHES).optional().meta({
      description: 'PAUSED pauses the sale, OPEN resumes it (within its times), CLOSED ends it',
    }),
    waitingRoom: waitingRoomSchema
      .nullable()
      .optional()
      .meta({ description: 'null removes the own waiting room of the schedule' }),
    blockSeatIds: seatIds,
    unblockSeatIds: seatIds,
  })
  .refine(({ blockSeatIds, unblockSeatIds }) => areDisjoint(blockSeatIds, unblockSeatIds), {
    path: ['unblockSeatIds'],
    message: 'A seat cannot be blocked and unblocked at once',
  });

export const adminScheduleSchema = publicScheduleSchema
  .extend({
    concertId: z.uuid(),
    venueName: z.string(),
    saleSwitch: z.enum(SALE_SWITCHES),
    bookingFee: z.int(),
    cancellationPolicy: cancellationPolicySchema,
    currency: z.string(),
  })
  .meta({ id: 'AdminSchedule' });

function areDisjoint(left: readonly string[], right: readonly string[]): boolean {
  const known = new Set(left);
  return !right.some((seatId) => known.has(seatId));
}
