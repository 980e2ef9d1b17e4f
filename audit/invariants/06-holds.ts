import { faultsOf } from '../evidence/database';
import type { Evidence } from '../evidence/evidence';

/**
 * Invariant 6: a hold that a client was given is real until its time. It never ends before, no payment begins after it,
 * and every client gets the end that Postgres has.
 */
export async function holds({ snapshot, reservations, clients }: Evidence): Promise<string[]> {
  const promised = clients.held.flatMap(({ reservation, expiresAt }) => {
    const end = reservations.get(reservation)?.expiresAt.getTime();
    // Invariant 2 reports a hold that Postgres does not have.
    if (end === undefined || end === Date.parse(expiresAt)) return [];
    return [
      `reservation ${reservation} was promised until ${expiresAt}, Postgres has ${new Date(end).toISOString()}`,
    ];
  });
  return [...(await faultsOf(snapshot, ROWS)), ...promised];
}

const ROWS = `
  SELECT 'reservation ' || id || ' is EXPIRED and ended at ' || ended_at || ', before its end ' || expires_at AS what
  FROM reservations WHERE status = 'EXPIRED' AND ended_at < expires_at
  UNION ALL
  SELECT 'reservation ' || id || ' is ' || status || ' and was held until ' || expires_at || ', not after ' || held_at
  FROM reservations WHERE status <> 'RELEASED' AND expires_at <= held_at
  UNION ALL
  SELECT 'payment ' || payments.id || ' of ' || payments.created_at || ' began after the hold, which ended at ' || expires_at
  FROM payments JOIN reservations ON reservations.id = reservation_id
  WHERE payments.status NOT IN ('REQUESTED', 'WITHDRAWN', 'FAILED') AND payments.created_at > expires_at`;
