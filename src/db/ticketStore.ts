import type { Knex } from 'knex';

export const TICKET_STATUSES = ['VALID', 'USED', 'VOID'] as const;
export type TicketStatus = (typeof TICKET_STATUSES)[number];

export interface TicketSeat {
  seatId: string;
  zone: string;
  row: string;
  number: string;
  grade: string;
}

/** The show that a ticket is for. */
export interface TicketShow {
  scheduleId: string;
  startsAt: Date;
  title: string;
  artist: string;
  venueName: string;
  /** IANA name of the venue's time zone. */
  timeZone: string;
}

/** A ticket with everything that stands on it. */
export interface IssuedTicket {
  ticketId: string;
  reservationId: string;
  userId: string;
  /** The buyer's name, or the login where none was given. */
  holder: string;
  status: TicketStatus;
  /** Codes of earlier versions are void. */
  version: number;
  seat: TicketSeat;
  show: TicketShow;
  /** Set where the status is USED. */
  usedAt: Date | null;
  usedGate: string | null;
}

export interface CheckIn {
  ticketId: string;
  /** Of the code that was shown. */
  version: number;
  staffId: string;
  /** Left out, the login of the staff. */
  gate: string | undefined;
}

export type CheckInResult =
  | { outcome: 'admitted'; seat: TicketSeat }
  | { outcome: 'already-used'; usedAt: Date; gate: string }
  | { outcome: 'void' }
  | { outcome: 'unknown' };

type TicketRow = Omit<IssuedTicket, 'seat' | 'show'> & TicketSeat & TicketShow;

/** Issued tickets, and who was admitted with them. Given a transaction, all of it happens in that transaction. */
export function createTicketStore(db: Knex) {
  const read = async (ticketId: string): Promise<TicketRow | null> => {
    const { rows } = await db.raw<{ rows: TicketRow[] }>(
      `SELECT ticket.id AS "ticketId", ticket.reservation_id AS "reservationId", ticket.user_id AS "userId",
              coalesce(holder.name, holder.login) AS holder, ticket.status, ticket.version,
              ticket.used_at AS "usedAt", ticket.used_gate AS "usedGate",
              seat.id AS "seatId", seat.zone, seat.row, seat.number, seat.grade,
              schedule.id AS "scheduleId", schedule.starts_at AS "startsAt",
              concert.title, concert.artist, venue.name AS "venueName", venue.time_zone AS "timeZone"
       FROM tickets AS ticket
       JOIN users AS holder ON holder.id = ticket.user_id
       JOIN seats AS seat ON seat.id = ticket.seat_id
       JOIN schedules AS schedule ON schedule.id = seat.schedule_id
       JOIN concerts AS concert ON concert.id = schedule.concert_id
       JOIN venues AS venue ON venue.id = schedule.venue_id
       WHERE ticket.id = ?`,
      [ticketId],
    );
    return rows[0] ?? null;
  };

  return {
    async find(ticketId: string): Promise<IssuedTicket | null> {
      const row = await read(ticketId);
      return row && toTicket(row);
    },

    /**
     * A new version of a VALID ticket: the code from before is void.
     *
     * @returns the version; null where the ticket is not VALID
     */
    async reissue(ticketId: string): Promise<number | null> {
      const { rows } = await db.raw<{ rows: { version: number }[] }>(
        `UPDATE tickets SET version = version + 1 WHERE id = ? AND status = 'VALID' RETURNING version`,
        [ticketId],
      );
      return rows[0]?.version ?? null;
    },

    /**
     * Admits once: of all who show a code, one finds its ticket VALID. Neither a status nor a version ever comes
     * back, so what is read afterwards is why the write did nothing.
     */
    async checkIn({ ticketId, version, staffId, gate }: CheckIn): Promise<CheckInResult> {
      const { rows: admitted } = await db.raw<{ rows: unknown[] }>(
        `UPDATE tickets
         SET status = 'USED', used_at = now(), used_by = :staffId,
             used_gate = coalesce(:gate, (SELECT login FROM users WHERE id = :staffId))
         WHERE id = :ticketId AND version = :version AND status = 'VALID'
         RETURNING id`,
        { ticketId, version, staffId, gate: gate ?? null },
      );
      const row = await read(ticketId);
      if (!row) return { outcome: 'unknown' };
      if (admitted.length > 0) return { outcome: 'admitted', seat: seatOf(row) };
      if (row.status === 'VOID' || row.version !== version) return { outcome: 'void' };
      if (!row.usedAt || row.usedGate === null)
        throw new Error(`ticket ${ticketId} is ${row.status} and unused`);
      return { outcome: 'already-used', usedAt: row.usedAt, gate: row.usedGate };
    },
  };
}

function toTicket(row: TicketRow): IssuedTicket {
  const { ticketId, reservationId, userId, holder, status, version, usedAt, usedGate } = row;
  const { scheduleId, startsAt, title, artist, venueName, timeZone } = row;
  return {
    ticketId,
    reservationId,
    userId,
    holder,
    status,
    version,
    seat: seatOf(row),
    show: { scheduleId, startsAt, title, artist, venueName, timeZone },
    usedAt,
    usedGate,
  };
}

function seatOf({ seatId, zone, row, number, grade }: TicketSeat): TicketSeat {
  return { seatId, zone, row, number, grade };
}
