import type { Knex } from 'knex';
import type { Snapshot } from '../../audit/evidence/database';
import { seatRows } from '../../audit/invariants/01-seats';
import { ledgerSums } from '../../audit/invariants/03-ledger';
import { priceRows } from '../../audit/invariants/04-prices';
import type { GatewayName } from '../../src/domain/payments/gateway';

/** What Postgres says, read as the owner. */
export interface Books {
  reservationStatus(reservationId: string): Promise<string | null>;
  /** AVAILABLE, or the reservation that has the seat, with `sold` where it is sold. */
  seat(seatId: string): Promise<{ reservationId: string; sold: boolean } | 'AVAILABLE'>;
  balance(userId: string): Promise<number>;
  payment(paymentId: string): Promise<{ status: string; reason: string | null } | null>;
  /** Sum of an account over all entries of a reservation's journals. */
  account(account: string, reservationId: string): Promise<number>;
  journals(reservationId: string): Promise<string[]>;
  tickets(reservationId: string): Promise<string[]>;
  /** What is due to a card after a cancellation. */
  refund(reservationId: string): Promise<{ status: string; attempts: number; fault: string | null } | null>;
  /** What the ledger expects from a gateway, the sandbox if no other is named, but for the gifts of the tests. */
  owedByGateway(gateway?: GatewayName): Promise<number>;
  /** What breaks invariants 1, 3 and 4 in the rows of Postgres, in words; empty when all is well. */
  faults(): Promise<string[]>;
}

export function openBooks(owner: Knex): Books {
  return {
    async reservationStatus(reservationId) {
      const row = await owner('reservations')
        .where({ id: reservationId })
        .first<{ status: string } | undefined>('status');
      return row?.status ?? null;
    },

    async seat(seatId) {
      const row = await owner('allocations')
        .where({ seat_id: seatId })
        .whereNull('released_at')
        .first<{ reservation_id: string; sold_at: Date | null } | undefined>();
      return row ? { reservationId: row.reservation_id, sold: row.sold_at !== null } : 'AVAILABLE';
    },

    async balance(userId) {
      const row = await owner('wallets')
        .where({ user_id: userId })
        .first<{ balance: number } | undefined>('balance');
      return row?.balance ?? 0;
    },

    async payment(paymentId) {
      const row = await owner('payments')
        .where({ id: paymentId })
        .first<{ status: string; reason: string | null } | undefined>('status', 'reason');
      return row ?? null;
    },

    async account(account, reservationId) {
      const [row] = await owner('entries')
        .join('journals', 'journals.id', 'entries.journal_id')
        .where({ account, reservation_id: reservationId })
        .select<{ sum: number }[]>(owner.raw('coalesce(sum(amount), 0)::bigint AS sum'));
      return row?.sum ?? 0;
    },

    async journals(reservationId) {
      const rows = await owner('journals')
        .where({ reservation_id: reservationId })
        .orderBy('created_at')
        .select<{ kind: string }[]>('kind');
      return rows.map((row) => row.kind);
    },

    async tickets(reservationId) {
      const rows = await owner('tickets')
        .where({ reservation_id: reservationId })
        .select<{ seat_id: string }[]>('seat_id');
      return rows.map((row) => row.seat_id);
    },

    async refund(reservationId) {
      const row = await owner('refunds')
        .where({ reservation_id: reservationId })
        .first<{ status: string; attempts: number; fault: string | null } | undefined>({
          status: 'status',
          attempts: 'attempts',
          fault: 'last_fault',
        });
      return row ?? null;
    },

    async owedByGateway(gateway = 'sandbox') {
      const [row] = await owner('entries')
        .join('journals', 'journals.id', 'entries.journal_id')
        .where({ account: `gateway:clearing:${gateway}` })
        .whereRaw("key NOT LIKE 'gift:%'")
        .select<{ sum: number }[]>(owner.raw('coalesce(-sum(amount), 0)::bigint AS sum'));
      return row?.sum ?? 0;
    },

    async faults() {
      const snapshot: Snapshot = {
        async read(statement, row) {
          const { rows } = await owner.raw<{ rows: unknown[] }>(statement);
          return rows.map((one) => row.parse(one));
        },
      };
      const checks = [seatRows, ledgerSums, priceRows];
      return (await Promise.all(checks.map(async (check) => check(snapshot)))).flat();
    },
  };
}
