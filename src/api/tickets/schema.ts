import { z } from 'zod';
import { TICKET_STATUSES } from '../../db/tickets/ticketStore';

export const ticketParams = z.object({ ticketId: z.uuid() });

const ticketSeatSchema = z.object({
  seatId: z.uuid(),
  zone: z.string(),
  row: z.string(),
  number: z.string(),
  grade: z.string(),
});

export const ticketSchema = z
  .object({
    ticketId: z.uuid(),
    reservationId: z.uuid(),
    seat: ticketSeatSchema,
    schedule: z.object({
      scheduleId: z.uuid(),
      startsAt: z.iso.datetime(),
      title: z.string(),
      artist: z.string(),
      venueName: z.string(),
      timeZone: z.string().meta({ description: "IANA name of the venue's time zone" }),
    }),
    status: z.enum(TICKET_STATUSES),
    qr: z.string().meta({ description: 'The text of the QR: a signed code' }),
  })
  .meta({ id: 'Ticket' });

/** The clock of a device may be ahead of the clock of the service by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;

export const checkInBody = z
  .strictObject({
    qr: z.string().meta({
      description: 'The text as the scanner read it. White space and AIM identifiers around it are ignored',
    }),
    gate: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Where the code was shown. Without it, the login of the staff account' }),
    scheduleId: z
      .uuid()
      .optional()
      .meta({ description: 'The show that this gate admits to. A ticket of another show is invalid' }),
    scannedAt: z.iso
      .datetime({ offset: true })
      .transform((text) => new Date(text))
      .refine((at) => at.getTime() <= Date.now() + CLOCK_SKEW_MS, 'Must not be in the future')
      .optional()
      .meta({
        description:
          'With deviceId: when a device without a network scanned the code, by the clock of the device',
      }),
    deviceId: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'With scannedAt: the device' }),
  })
  .refine((body) => (body.scannedAt === undefined) === (body.deviceId === undefined), {
    path: ['deviceId'],
    message: 'An uploaded scan needs both scannedAt and deviceId; any other scan has neither',
  });

export const admittedSchema = z
  .object({
    result: z.literal('ADMITTED'),
    ticketId: z.uuid(),
    seat: ticketSeatSchema,
    duplicate: z
      .object({ scannedAt: z.iso.datetime(), gate: z.string(), deviceId: z.string().nullable() })
      .optional()
      .meta({
        description:
          'Of an uploaded scan: the scan that had counted until now. It was later, so a visitor came in there ' +
          'with a copy. `deviceId` is null if that gate had a network',
      }),
  })
  .meta({ id: 'Admitted' });

export type TicketView = z.output<typeof ticketSchema>;
export type AdmittedView = z.output<typeof admittedSchema>;
