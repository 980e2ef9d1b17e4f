import type { IssuedTicket } from '../../db/ticketStore';
import type { TicketView } from './schema';

export function presentTicket(ticket: IssuedTicket, code: string): TicketView {
  const { ticketId, reservationId, seat, show, status } = ticket;
  const schedule = { ...show, startsAt: show.startsAt.toISOString() };
  return { ticketId, reservationId, seat, schedule, status, qr: code };
}
