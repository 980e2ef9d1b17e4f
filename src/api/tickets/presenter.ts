import type { CheckInResult, IssuedTicket } from '../../db/tickets/ticketStore';
import type { AdmittedView, TicketView } from './schema';

export function presentTicket(ticket: IssuedTicket, code: string): TicketView {
  const { ticketId, reservationId, seat, show, status } = ticket;
  const schedule = { ...show, startsAt: show.startsAt.toISOString() };
  return { ticketId, reservationId, seat, schedule, status, qr: code };
}

export function presentAdmitted(
  ticketId: string,
  { seat, duplicate }: Extract<CheckInResult, { outcome: 'admitted' }>,
): AdmittedView {
  const admitted = { result: 'ADMITTED' as const, ticketId, seat };
  if (!duplicate) return admitted;
  const { usedAt, gate, deviceId } = duplicate;
  return { ...admitted, duplicate: { scannedAt: usedAt.toISOString(), gate, deviceId } };
}
