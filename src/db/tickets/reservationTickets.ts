import type { Knex } from 'knex';

/** A ticket, as the answers about its reservation name it. */
export interface Ticket {
  ticketId: string;
  seatId: string;
}

export type ReservationTickets = ReturnType<typeof createReservationTickets>;

/** The tickets of whole reservations. What stands on one, and who was admitted with it, is in the ticket store. */
export function createReservationTickets(db: Knex) {
  return {
    /** One ticket a seat; the unique index refuses a second live ticket for any seat. */
    async issue(
      reservation: { reservationId: string; userId: string },
      seatIds: readonly string[],
      issuedAt: Date,
    ): Promise<Ticket[]> {
      const { rows } = await db
        .raw<{ rows: Ticket[] }>(
          `INSERT INTO tickets (id, reservation_id, seat_id, user_id, issued_at)
         SELECT gen_random_uuid(), :reservationId, seat_id, :userId, :issuedAt
         FROM unnest(:seatIds::uuid[]) AS seat_id
         RETURNING id AS "ticketId", seat_id AS "seatId"`,
          { ...reservation, issuedAt, seatIds: [...seatIds] },
        )
        .options({ name: 'issue-tickets' });
      return rows;
    },

    /** In the order of the seat map, by reservation; one without tickets is not among the keys. */
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
