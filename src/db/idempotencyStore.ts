import type { Knex } from 'knex';
import type { ProblemMembers, ProblemSlug } from '../domain/problems';

/** The scope of an `Idempotency-Key`: keys of other users and routes never meet. */
export interface IdempotencyScope {
  userId: string;
  /** Method and path as OpenAPI writes it. */
  route: string;
  key: string;
}

/** What was answered, as far as it must be the same again. */
export type RecordedAnswer =
  | { status: number; location?: string; body: unknown }
  | { problem: { slug: ProblemSlug; detail: string; members: ProblemMembers } };

/** A key that was used before. `answer` is null while its first request is under way. */
export interface UsedKey {
  bodyHash: Buffer;
  answer: RecordedAnswer | null;
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
    /** Takes a key for a first request, or tells what it was used for. Atomic: one of two takes it. */
    async take(scope: IdempotencyScope, bodyHash: Buffer): Promise<UsedKey | null> {
      const { rows } = await db.raw<{ rows: { taken: boolean }[] }>(
        `INSERT INTO idempotency_keys (user_id, route, key, body_hash) VALUES (:userId, :route, :key, :bodyHash)
         ON CONFLICT DO NOTHING RETURNING true AS taken`,
        { ...scope, bodyHash },
      );
      if (rows.length > 0) return null;
      const row = await scoped(scope).first('body_hash', 'answer');
      // Forgotten between the two statements: as good as taken by the request that forgot it.
      return row ? { bodyHash: row.body_hash, answer: row.answer } : { bodyHash, answer: null };
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
  };
}
