import type { Knex } from 'knex';
import type { Role } from '../domain/roles';

/** A refresh token as it is kept: its SHA-256 digest and its end. */
export interface RefreshTokenRecord {
  digest: Buffer;
  expiresAt: Date;
}

/** The session that a token belongs to, with the account's role as it is now. */
export interface Session {
  /** The family of tokens that one login started. */
  sessionId: string;
  userId: string;
  role: Role;
}

export interface RefreshTokenStore {
  open(session: { sessionId: string; userId: string }, token: RefreshTokenRecord): Promise<void>;
  /**
   * Spends a token and puts the next one in its place. Null where the token is unknown, expired, revoked or
   * spent before; in the last case the whole family is revoked, because one of its two users is a thief.
   */
  rotate(digest: Buffer, next: RefreshTokenRecord): Promise<Session | null>;
  /** Ends the session. No effect on one that has ended. */
  revoke(sessionId: string): Promise<void>;
  /**
   * Removes up to `limit` tokens that have expired, spent ones as well, and the sessions that have none left.
   *
   * @returns how many tokens there were
   */
  removeExpired(limit: number): Promise<number>;
}

export function createRefreshTokenStore(db: Knex): RefreshTokenStore {
  return {
    async open({ sessionId, userId }, token) {
      await db.transaction(async (tx) => {
        await tx('refresh_families').insert({ id: sessionId, user_id: userId });
        await insertToken(tx, sessionId, token);
      });
    },

    async rotate(digest, next) {
      return db.transaction(async (tx) => {
        const session = await spend(tx, digest);
        if (session) {
          await insertToken(tx, session.sessionId, next);
          return session;
        }
        // Only a spent token revokes: an unknown or expired one proves nothing about its family.
        await tx.raw(
          `UPDATE refresh_families SET revoked_at = now()
            WHERE revoked_at IS NULL AND id IN
              (SELECT family_id FROM refresh_tokens WHERE digest = ? AND spent_at IS NOT NULL)`,
          [digest],
        );
        return null;
      });
    },

    async revoke(sessionId) {
      await db('refresh_families')
        .where({ id: sessionId })
        .whereNull('revoked_at')
        .update({ revoked_at: db.fn.now() });
    },

    async removeExpired(limit) {
      return db.transaction(async (tx) => {
        const { rows } = await tx.raw<{ rows: { family_id: string }[] }>(
          `DELETE FROM refresh_tokens WHERE digest IN
             (SELECT digest FROM refresh_tokens WHERE expires_at < now()
               ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)
           RETURNING family_id`,
          { limit },
        );
        const sessionIds = rows.map((row) => row.family_id);
        // Nothing can join a session without tokens any more: a new one comes only in exchange for an old one.
        await tx.raw(
          `DELETE FROM refresh_families AS family WHERE id = ANY(:sessionIds)
              AND NOT EXISTS (SELECT FROM refresh_tokens WHERE family_id = family.id)`,
          { sessionIds },
        );
        return rows.length;
      });
    },
  };
}

/** `spent_at IS NULL` lets one of many parallel requests win: the others wait for its row, then see it spent. */
async function spend(tx: Knex.Transaction, digest: Buffer): Promise<Session | null> {
  const result = await tx.raw<{ rows: { family_id: string; user_id: string; role: Role }[] }>(
    `UPDATE refresh_tokens AS token SET spent_at = now()
       FROM refresh_families AS family JOIN users ON users.id = family.user_id
      WHERE token.digest = ? AND token.spent_at IS NULL AND token.expires_at > now()
        AND family.id = token.family_id AND family.revoked_at IS NULL
      RETURNING token.family_id, family.user_id, users.role`,
    [digest],
  );
  const [row] = result.rows;
  return row ? { sessionId: row.family_id, userId: row.user_id, role: row.role } : null;
}

async function insertToken(
  tx: Knex.Transaction,
  sessionId: string,
  token: RefreshTokenRecord,
): Promise<void> {
  await tx('refresh_tokens').insert({
    digest: token.digest,
    family_id: sessionId,
    expires_at: token.expiresAt,
  });
}
