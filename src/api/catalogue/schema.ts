import { z } from 'zod';
import { SALE_STATUSES } from '../../domain/catalogue/saleStatus';
import { waitingRoomSchema } from '../../domain/queue/waitingRoom';
import { pageQuery } from '../http/paging';

const time = z.iso.datetime({ precision: 3 });
const saleStatus = z.enum(SALE_STATUSES).meta({
  description:
    'UPCOMING: the sale has not opened. OPEN: seats can be held. PAUSED: the operator has paused the sale. ' +
    'SOLD_OUT: no seat is free at the moment. CLOSED: the sale is over. CANCELLED: the show does not take place.',
});

export const concertSummarySchema = z
  .object({
    concertId: z.uuid(),
    title: z.string(),
    artist: z.string(),
    venueName: z
      .string()
      .nullable()
      .meta({ description: 'null until there is a schedule. Several names are joined' }),
    firstStartsAt: time.nullable(),
    lastStartsAt: time.nullable(),
    saleStatus,
  })
  .meta({ id: 'ConcertSummary' });

export const concertSchema = concertSummarySchema.extend({ description: z.string() }).meta({ id: 'Concert' });

export const scheduleSchema = z
  .object({
    scheduleId: z.uuid(),
    startsAt: time,
    saleOpensAt: time,
    saleClosesAt: time,
    saleStatus,
    seatsTotal: z.int(),
    seatsAvailable: z.int(),
    maxSeatsPerUser: z.int(),
    waitingRoom: waitingRoomSchema
      .nullable()
      .meta({ description: 'null: the queue token from the login, for the service-wide room, is enough' }),
  })
  .meta({ id: 'Schedule' });

const seatStatus = z.enum(['AVAILABLE', 'HELD', 'SOLD', 'BLOCKED']);

export const seatMapSchema = z
  .object({
    scheduleId: z.uuid(),
    version: z.int().meta({ description: 'Grows with every change of a seat; the ETag begins with it' }),
    currency: z.string(),
    bookingFee: z.int().meta({ description: 'For each seat' }),
    grades: z.array(z.object({ grade: z.string(), price: z.int(), color: z.string() })),
    seats: z.array(
      z.object({
        seatId: z.uuid(),
        zone: z.string(),
        row: z.string(),
        number: z.string(),
        grade: z.string(),
        price: z.int(),
        status: seatStatus,
        x: z.number(),
        y: z.number(),
        accessible: z.literal(true).optional().meta({
          description:
            'A wheelchair space, or the seat of a companion beside one. Other seats do not have this field',
        }),
      }),
    ),
  })
  .meta({ id: 'SeatMap' });

/** The data of an event `seats`. */
export const seatsEventSchema = z
  .object({
    version: z
      .int()
      .meta({ description: 'The version of the map with these changes. It is also the id of the event' }),
    changes: z.array(z.object({ seatId: z.uuid(), status: seatStatus })),
  })
  .meta({ id: 'SeatsEvent' });

export const seatEventsQuery = z.object({
  since: z.coerce.number().int().positive().optional().meta({
    description: '`version` of the seat map that the client has. `Last-Event-ID` takes precedence',
  }),
});

export const concertParams = z.object({ concertId: z.uuid() });
export const scheduleParams = z.object({ scheduleId: z.uuid() });

export const concertListQuery = z.object({
  q: z
    .string()
    .trim()
    .normalize()
    .max(100)
    .optional()
    .meta({ description: 'Part of the title or of the name of the artist. Case does not matter' }),
  ...pageQuery,
});
