import type { Knex } from 'knex';
import type { ProblemMembers, ProblemSlug } from '../domain/problems';

/**
 * Clients may repeat a request for at least 24 hours (REST contract, Conventions). The service keeps a key twice as
 * long.
 */
const KEPT_HOURS = 48;

/** The scope of an `Idempotency-Key`: each user and each route has separate keys. */
export interface IdempotencyScope {
  userId: string;
  /** The method and the path, including the ids in it. */
  route: string;
  key: string;
}

/** The parts of a response that must be the same when the request is repeated. */
export type GivenAnswer =
  | { status: number; location?: string; body?: unknown }
  | { problem: { slug: ProblemSlug; detail: string; members: ProblemMembers } };

/** A stored response: readable, or encrypted and in base64. Only the same request can decrypt it. */
export type RecordedAnswer = GivenAnswer | { sealed: string };

/** An idempotency key, and the response that becomes permanent with its effect. */
export interface AnsweredKey {
  scope: IdempotencyScope;
  bodyHash: Buffer;
  answer: RecordedAnswer;
}

/** The first use of a key. `answer` is null while that request is under way. */
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
     * Takes a key, or returns what it was taken for. Either way the key counts as used now. If another transaction has
     * taken the key, this call waits for its end.
     */
    async take(scope: IdempotencyScope, bodyHash: Buffer): Promise<UsedKey> {
      const { rows } = await db
        .raw<{ rows: (Pick<KeyRow, 'body_hash' | 'answer'> & { is_new: boolean })[] }>(
          `INSERT INTO idempotency_keys (user_id, route, key, body_hash) VALUES (:userId, :route, :key, :bodyHash)
         ON CONFLICT (user_id, route, key) DO UPDATE SET used_at = now()
         -- A row that this statement has inserted was never locked or changed by another transaction.
         RETURNING body_hash, answer, xmax = 0 AS is_new`,
          { ...scope, bodyHash },
        )
        .options({ name: 'take-key' });
      const [row] = rows;
      if (!row) throw new Error('an upsert returned no row');
      return { ...fromRow(row), isNew: row.is_new };
    },

    /** Returns what a key was taken for, if that is committed. */
    async find(scope: IdempotencyScope): Promise<Omit<UsedKey, 'isNew'> | null> {
      const row = await scoped(scope).first('body_hash', 'answer').options({ name: 'find-key' });
      return row ? fromRow(row) : null;
    },

    /**
     * Records the response, unless the key already has one. The first response is permanent, and this call returns it.
     */
    async record(scope: IdempotencyScope, bodyHash: Buffer, answer: RecordedAnswer): Promise<RecordedAnswer> {
      const { rows } = await db
        .raw<{ rows: { answer: RecordedAnswer }[] }>(
          `INSERT INTO idempotency_keys AS used (user_id, route, key, body_hash, answer)
         VALUES (:userId, :route, :key, :bodyHash, :answer)
         ON CONFLICT (user_id, route, key) DO UPDATE SET answer = coalesce(used.answer, excluded.answer)
         RETURNING answer`,
          { ...scope, bodyHash, answer: JSON.stringify(answer) },
        )
        .options({ name: 'record-answer' });
      return rows[0]?.answer ?? answer;
    },

    /** Frees a key whose request had no effect and got no response that must be repeated. */
    async forget(scope: IdempotencyScope): Promise<void> {
      await scoped(scope).whereNull('answer').delete();
    },

    /**
     * Removes up to `limit` keys that no request has used for 48 hours. It skips a key that a request is taking now.
     *
     * @returns the number of removed keys
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
