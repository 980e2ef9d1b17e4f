import type { Knex } from 'knex';

/** A ticket, as the responses about its reservation name it. */
export interface Ticket {
  ticketId: string;
  seatId: string;
}

export type ReservationTickets = ReturnType<typeof createReservationTickets>;

/** The tickets of whole reservations. The ticket store has the printed data of a ticket and its check-in. */
export function createReservationTickets(db: Knex) {
  return {
    /** In the order of the seat map, by reservation. A reservation without tickets has no key. */
    async of(reservationIds: readonly string[]): Promise<Map<string, Ticket[]>> {
      const { rows } = await db.raw<{ rows: (Ticket & { reservationId: string })[] }>(
        `SELECT ticket.reservation_id AS "reservationId", ticket.id AS "ticketId", ticket.seat_id AS "seatId"
         FROM tickets AS ticket JOIN seats AS seat ON seat.id = ticket.seat_id
         WHERE ticket.reservation_id = ANY(?) ORDER BY seat.position`,
        [[...reservationIds]],
      );
      const tickets = new Map<string, Ticket[]>();
      for (const { reservationId, ...ticket } of rows) {
        tickets.set(reservationId, [...(tickets.get(reservationId) ?? []), ticket]);
      }
      return tickets;
    },
  };
}
