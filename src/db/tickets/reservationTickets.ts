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
    /** Issues one ticket for each seat. The unique index rejects a second live ticket for a seat. */
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
