import { z } from 'zod';
import { TICKET_STATUSES } from '../../db/ticketStore';

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

export const checkInBody = z.strictObject({
  qr: z.string().meta({ description: 'As it was read' }),
  gate: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Where it was shown; left out, the login of the staff' }),
  scheduleId: z
    .uuid()
    .optional()
    .meta({ description: "The show admitted to here; another's ticket is invalid" }),
});

export const admittedSchema = z
  .object({ result: z.literal('ADMITTED'), ticketId: z.uuid(), seat: ticketSeatSchema })
  .meta({ id: 'Admitted' });

export type TicketView = z.output<typeof ticketSchema>;
