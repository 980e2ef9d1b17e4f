import { z } from 'zod';
import type { Snapshot } from './database';

/** A reservation in Postgres. */
export interface AuditedReservation {
  status: string;
  expiresAt: Date;
}

/** All reservations by their ids. */
export async function readReservations(snapshot: Snapshot): Promise<Map<string, AuditedReservation>> {
  const rows = await snapshot.read('SELECT id, status, expires_at FROM reservations', rowSchema);
  return new Map(rows.map(({ id, status, expires_at: expiresAt }) => [id, { status, expiresAt }]));
}

const rowSchema = z.object({ id: z.string(), status: z.string(), expires_at: z.date() });
