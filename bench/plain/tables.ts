import { Client } from 'pg';

/** The tables of the plain service, in a schema of their own. */
const TABLES = `
  DROP SCHEMA IF EXISTS plain CASCADE;
  CREATE SCHEMA plain;
  CREATE TABLE plain.wallets (user_id uuid PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
  CREATE TABLE plain.bookings (
    id uuid PRIMARY KEY, user_id uuid NOT NULL, status text NOT NULL, tickets bigint NOT NULL, fee bigint NOT NULL,
    expires_at timestamptz NOT NULL, paid_at timestamptz
  );
  CREATE INDEX held ON plain.bookings (expires_at) WHERE status = 'HELD';
  CREATE TABLE plain.seats (id uuid PRIMARY KEY, price bigint NOT NULL, booking_id uuid REFERENCES plain.bookings);
  CREATE INDEX booked ON plain.seats (booking_id);
  CREATE TABLE plain.tickets (id uuid PRIMARY KEY, seat_id uuid NOT NULL UNIQUE, booking_id uuid NOT NULL);`;

/** Fills the tables with free seats and with users. */
export async function createTables(
  databaseUrl: string,
  sale: { seatIds: readonly string[]; price: number; userIds: readonly string[]; points: number },
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(TABLES);
    await client.query('INSERT INTO plain.seats (id, price) SELECT id, $2 FROM unnest($1::uuid[]) AS id', [
      sale.seatIds,
      sale.price,
    ]);
    await client.query('INSERT INTO plain.wallets SELECT id, $2 FROM unnest($1::uuid[]) AS id', [
      sale.userIds,
      sale.points,
    ]);
    await client.query('ANALYZE plain.seats, plain.wallets');
  } finally {
    await client.end();
  }
}

/** The bookings that are paid, as the plain service has recorded them. */
export async function paidBookings(databaseUrl: string): Promise<Set<string>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      "SELECT id FROM plain.bookings WHERE status = 'PAID'",
    );
    return new Set(rows.map(({ id }) => id));
  } finally {
    await client.end();
  }
}
