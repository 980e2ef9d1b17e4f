import type { Knex } from 'knex';
import type { ProblemMembers, ProblemSlug } from '../domain/problems';

/** Clients may repeat a request for at least 24 hours (REST contract, Conventions); twice that is kept. */
const KEPT_HOURS = 48;

/** The scope of an `Idempotency-Key`: keys of other users and routes never meet. */
export interface IdempotencyScope {
  userId: string;
  /** Method and path, with the ids in it. */
  route: string;
  key: string;
}

/** What was answered, as far as it must be the same again. */
export type GivenAnswer =
  | { status: number; location?: string; body?: unknown }
  | { problem: { slug: ProblemSlug; detail: string; members: ProblemMembers } };

/** An answer as it is kept: readable, or in base64 what only the same request can decrypt. */
export type RecordedAnswer = GivenAnswer | { sealed: string };

/** What a key was first taken for. `answer` is null while that request is under way. */
export interface UsedKey {
  bodyHash: Buffer;
  answer: RecordedAnswer | null;
  /** This request is the first with the key. */
  isNew: boolean;
}

interface KeyRow {
  user_id: string;
  route: string;
  key: string;
  body_hash: Buffer;
  answer: RecordedAnswer | null;
}

export type IdempotencyStore = ReturnType<typeof createIdempotencyStore>;

export function createIdempotencyStore(db: Knex) {
  const scoped = ({ userId, route, key }: IdempotencyScope) =>
    db<KeyRow>('idempotency_keys').where({ user_id: userId, route, key });

  return {
    /**
     * Takes a key, or tells what it was taken for; either way it counts as used now. Waits for a transaction
     * that has taken the key and is not over.
     */
    async take(scope: IdempotencyScope, bodyHash: Buffer): Promise<UsedKey> {
      const { rows } = await db.raw<{ rows: (Pick<KeyRow, 'body_hash' | 'answer'> & { is_new: boolean })[] }>(
        `INSERT INTO idempotency_keys (user_id, route, key, body_hash) VALUES (:userId, :route, :key, :bodyHash)
         ON CONFLICT (user_id, route, key) DO UPDATE SET used_at = now()
         -- A row that this statement has inserted was never locked or changed by another transaction.
         RETURNING body_hash, answer, xmax = 0 AS is_new`,
        { ...scope, bodyHash },
      );
      const [row] = rows;
      if (!row) throw new Error('an upsert returned no row');
      return { ...fromRow(row), isNew: row.is_new };
    },

    /** What a key was taken for, as far as it is committed. */
    async find(scope: IdempotencyScope): Promise<Omit<UsedKey, 'isNew'> | null> {
      const row = await scoped(scope).first('body_hash', 'answer');
      return row ? fromRow(row) : null;
    },

    /** Records the answer unless one stands; the first is the answer for good, and it is returned. */
    async record(scope: IdempotencyScope, bodyHash: Buffer, answer: RecordedAnswer): Promise<RecordedAnswer> {
      const { rows } = await db.raw<{ rows: { answer: RecordedAnswer }[] }>(
        `INSERT INTO idempotency_keys AS used (user_id, route, key, body_hash, answer)
         VALUES (:userId, :route, :key, :bodyHash, :answer)
         ON CONFLICT (user_id, route, key) DO UPDATE SET answer = coalesce(used.answer, excluded.answer)
         RETURNING answer`,
        { ...scope, bodyHash, answer: JSON.stringify(answer) },
      );
      return rows[0]?.answer ?? answer;
    },

    /** Frees a key whose request had no effect and got no answer worth repeating. */
    async forget(scope: IdempotencyScope): Promise<void> {
      await scoped(scope).whereNull('answer').delete();
    },

    /**
     * Removes up to `limit` keys that have not been taken for 48 hours; one that is being taken is left alone.
     *
     * @returns how many there were
     */
    async removeOld(limit: number): Promise<number> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `DELETE FROM idempotency_keys WHERE (user_id, route, key) IN
           (SELECT user_id, route, key FROM idempotency_keys
             WHERE used_at < now() - make_interval(hours => :hours)
             ORDER BY used_at LIMIT :limit FOR UPDATE SKIP LOCKED)`,
        { hours: KEPT_HOURS, limit },
      );
      return rowCount;
    },
  };
}

function fromRow(row: Pick<KeyRow, 'body_hash' | 'answer'>): Omit<UsedKey, 'isNew'> {
  return { bodyHash: row.body_hash, answer: row.answer };
}
