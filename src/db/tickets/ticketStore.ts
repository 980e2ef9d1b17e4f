import type { Knex } from 'knex';
import { checkInWindow, type CheckInHours } from '../../domain/tickets/checkInWindow';
import { judgeScan } from '../../domain/tickets/ticketScan';
import { createStaffAssignmentStore } from '../accounts/staffAssignmentStore';

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
  /** The IANA name of the venue's time zone. */
  timeZone: string;
}

/** A ticket with all its printed data. */
export interface IssuedTicket {
  ticketId: string;
  reservationId: string;
  userId: string;
  /** The buyer's name, or the login if the buyer has no name. */
  holder: string;
  status: TicketStatus;
  /** A code with an earlier version is void. */
  version: number;
  seat: TicketSeat;
  show: TicketShow;
  /** Set if the status is USED. */
  usedAt: Date | null;
  usedGate: string | null;
}

export interface CheckIn {
  ticketId: string;
  /** The version in the scanned code. */
  version: number;
  staffId: string;
  /** If absent, the login of the staff account. */
  gate: string | undefined;
  /** Set for an offline scan. If absent, the scan is made now. */
  offline?: { scannedAt: Date; deviceId: string } | undefined;
  /** Set for staff, who may check in only at their venues and schedules and in these hours. Absent for an operator. */
  hours?: CheckInHours | undefined;
}

/** The scan that used a ticket. */
export interface CountedScan {
  usedAt: Date;
  gate: string;
  /** null: an online scan. */
  deviceId: string | null;
}

export type CheckInResult =
  /** `duplicate`: the scan that counted until now, and was later. */
  | { outcome: 'admitted'; seat: TicketSeat; duplicate: CountedScan | null }
  | { outcome: 'already-used'; first: CountedScan }
  | { outcome: 'void' }
  | { outcome: 'unknown' }
  /** The staff account is assigned to other shows. */
  | { outcome: 'elsewhere' }
  | { outcome: 'not-open'; opensAt: Date; closesAt: Date };

type TicketRow = Omit<IssuedTicket, 'seat' | 'show'> &
  TicketSeat &
  TicketShow & { usedDevice: string | null; readAt: Date };

/** Issued tickets and their check-ins. If `db` is a transaction, all statements run in it. */
export function createTicketStore(db: Knex) {
  return {
    async find(ticketId: string): Promise<IssuedTicket | null> {
      const row = await read(db, ticketId);
      return row && toTicket(row);
    },

    /**
     * Creates a new version of a VALID ticket. The code of the earlier version is void.
     *
     * @returns the version; null if the ticket is not VALID
     */
    async reissue(ticketId: string): Promise<number | null> {
      const { rows } = await db.raw<{ rows: { version: number }[] }>(
        `UPDATE tickets SET version = version + 1 WHERE id = ? AND status = 'VALID' RETURNING version`,
        [ticketId],
      );
      return rows[0]?.version ?? null;
    },

    /**
     * Admits once. The lock on the ticket makes scans run one after the other, so that each sees what the one before
     * has written. {@link judgeScan} decides which scan counts.
     */
    async checkIn({ ticketId, version, staffId, gate, offline, hours }: CheckIn): Promise<CheckInResult> {
      return db.transaction(async (transaction) => {
        await transaction('tickets').where({ id: ticketId }).forUpdate().select('id');
        const row = await read(transaction, ticketId);
        if (!row) return { outcome: 'unknown' };
        const device = offline?.deviceId ?? null;
        const at = offline?.scannedAt ?? row.readAt;
        const refusal = hours && (await refuseStaff(transaction, { row, staffId, at, hours }));
        if (refusal) return refusal;
        const verdict = judgeScan(row, { version, at, device });
        if (verdict === 'void') return { outcome: 'void' };
        const counted = countedScan(row);
        if (verdict === 'duplicate' && counted) return { outcome: 'already-used', first: counted };
        if (verdict !== 'has-admitted') {
          await transaction.raw(
            `UPDATE tickets
             SET status = 'USED', used_at = :at, used_by = :staffId, used_device = :device,
                 used_gate = coalesce(:gate, (SELECT login FROM users WHERE id = :staffId))
             WHERE id = :ticketId`,
            { ticketId, at, staffId, device, gate: gate ?? null },
          );
        }
        return {
          outcome: 'admitted',
          seat: seatOf(row),
          duplicate: verdict === 'was-first' ? counted : null,
        };
      });
    },
  };
}

async function read(db: Knex, ticketId: string): Promise<TicketRow | null> {
  const { rows } = await db.raw<{ rows: TicketRow[] }>(
    `SELECT ticket.id AS "ticketId", ticket.reservation_id AS "reservationId", ticket.user_id AS "userId",
            coalesce(holder.name, holder.login) AS holder, ticket.status, ticket.version,
            ticket.used_at AS "usedAt", ticket.used_gate AS "usedGate", ticket.used_device AS "usedDevice",
            clock_timestamp() AS "readAt",
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
}

/**
 * Staff check in at their own shows, in the hours around each start. An uploaded scan must have been made in these
 * hours.
 */
async function refuseStaff(
  db: Knex,
  { row, staffId, at, hours }: { row: TicketRow; staffId: string; at: Date; hours: CheckInHours },
): Promise<CheckInResult | null> {
  const { scheduleId, startsAt } = row;
  if (!(await createStaffAssignmentStore(db).mayCheckIn(staffId, scheduleId)))
    return { outcome: 'elsewhere' };
  const { opensAt, closesAt } = checkInWindow(startsAt, hours);
  return opensAt <= at && at < closesAt ? null : { outcome: 'not-open', opensAt, closesAt };
}

function countedScan({ usedAt, usedGate, usedDevice }: TicketRow): CountedScan | null {
  return usedAt && usedGate !== null ? { usedAt, gate: usedGate, deviceId: usedDevice } : null;
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
