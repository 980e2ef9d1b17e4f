import type { Knex } from 'knex';
import { NIL } from 'uuid';
import type { Role } from '../../domain/accounts/roles';

/** A stored refresh token: its SHA-256 digest and its end. */
export interface RefreshTokenRecord {
  digest: Buffer;
  expiresAt: Date;
}

/** The session of a token, with the current role of the account. */
export interface Session {
  /** The family of tokens that one login has started. */
  sessionId: string;
  userId: string;
  role: Role;
}

/** A session to open for an account whose password was checked. */
export interface NewSession {
  sessionId: string;
  userId: string;
  passwordHash: string;
}

/**
 * An access token lives 15 minutes. If a token is issued at the moment when its session is blocked, it may be a little
 * younger.
 */
const BLOCKED_MINUTES = 17;

/**
 * The maximum number of blocked sessions that a process remembers, about 10 MB. If there are more in 17 minutes, the
 * process forgets the oldest ones.
 */
const MAX_BLOCKED = 100_000;

export interface RefreshTokenStore {
  /** Null if the password has been changed since the check, or if the account is disabled. */
  open(session: NewSession, token: RefreshTokenRecord): Promise<Session | null>;
  /**
   * Spends a token and puts the next one in its place. Null if the token is unknown, expired, revoked or already spent.
   * For a spent token the whole family is revoked, because one of its two users is a thief.
   */
  rotate(digest: Buffer, next: RefreshTokenRecord): Promise<Session | null>;
  /** Ends the session. No effect if it has already ended. */
  revoke(sessionId: string): Promise<void>;
  /** Ends all sessions of an account except one, and blocks their access tokens. */
  endAll(userId: string, but?: string): Promise<void>;
  /** The sessions that were blocked recently, so that some of their access tokens may still be valid. */
  listBlocked(): Promise<string[]>;
  /**
   * Removes up to `limit` expired tokens, spent or not, and the sessions that have no token left.
   *
   * @returns the number of removed tokens
   */
  removeExpired(limit: number): Promise<number>;
}

export function createRefreshTokenStore(db: Knex): RefreshTokenStore {
  return {
    async open(session, token) {
      return db.transaction(async (tx) => {
        const opened = await openFor(tx, session);
        if (opened) await insertToken(tx, opened.sessionId, token);
        return opened;
      });
    },

    async rotate(digest, next) {
      return db.transaction(async (tx) => {
        const session = await spend(tx, digest);
        if (session) {
          await insertToken(tx, session.sessionId, next);
          return session;
        }
        // Only a spent token revokes. An unknown or expired token proves nothing about its family.
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

    async endAll(userId, but = NIL) {
      await db('refresh_families')
        .where({ user_id: userId, cut_at: null })
        .whereNot({ id: but })
        .update({ cut_at: db.fn.now(), revoked_at: db.raw('coalesce(revoked_at, now())') });
    },

    async listBlocked() {
      return db('refresh_families')
        .whereRaw('cut_at > now() - make_interval(mins => ?)', [BLOCKED_MINUTES])
        .orderBy('cut_at', 'desc')
        .limit(MAX_BLOCKED)
        .pluck<string[]>('id');
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
        // A session without tokens cannot get a new one: a new token is only issued in exchange for an old one.
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

/**
 * The row of the account is locked while it is read. A change of the password or the role, or the end of the account,
 * may come first: then the session is not opened, or has the new role. If the change comes later, it blocks the
 * session.
 */
async function openFor(tx: Knex.Transaction, session: NewSession): Promise<Session | null> {
  const { rows } = await tx.raw<{ rows: { role: Role }[] }>(
    `WITH account AS (
       SELECT id, role FROM users
        WHERE id = :userId AND password_hash = :passwordHash AND disabled_at IS NULL FOR SHARE
     ), opened AS (
       INSERT INTO refresh_families (id, user_id) SELECT :sessionId::uuid, id FROM account
     )
     SELECT role FROM account`,
    { ...session },
  );
  const [row] = rows;
  return row ? { sessionId: session.sessionId, userId: session.userId, role: row.role } : null;
}

/**
 * `spent_at IS NULL` lets only one of many parallel requests succeed. The others wait for its row lock, and then see
 * that the token is spent.
 */
async function spend(tx: Knex.Transaction, digest: Buffer): Promise<Session | null> {
  const result = await tx.raw<{ rows: { family_id: string; user_id: string; role: Role }[] }>(
    `UPDATE refresh_tokens AS token SET spent_at = now()
       FROM refresh_families AS family JOIN users ON users.id = family.user_id
      WHERE token.digest = ? AND token.spent_at IS NULL AND token.expires_at > now()
        AND family.id = token.family_id AND family.revoked_at IS NULL AND users.disabled_at IS NULL
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
