import type { Knex } from 'knex';
import { NIL } from 'uuid';
import type { Role } from '../../domain/accounts/roles';

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

/** A session to open, for the account whose password was checked. */
export interface NewSession {
  sessionId: string;
  userId: string;
  passwordHash: string;
}

/** An access token lives 15 minutes; one that was on its way when its session was cut may be a little younger. */
const CUT_MINUTES = 17;

/** Sessions that a process remembers as cut: some 10 MB. More than that in 17 minutes, and the oldest go first. */
const MAX_CUT = 100_000;

export interface RefreshTokenStore {
  /** Null where the password has been changed since it was checked, or the account is disabled. */
  open(session: NewSession, token: RefreshTokenRecord): Promise<Session | null>;
  /**
   * Spends a token and puts the next one in its place. Null where the token is unknown, expired, revoked or
   * spent before; in the last case the whole family is revoked, because one of its two users is a thief.
   */
  rotate(digest: Buffer, next: RefreshTokenRecord): Promise<Session | null>;
  /** Ends the session. No effect on one that has ended. */
  revoke(sessionId: string): Promise<void>;
  /** Ends all sessions of an account but one, and cuts their access tokens. */
  cutAll(userId: string, but?: string): Promise<void>;
  /** The sessions that were cut while access tokens of theirs may still be out. */
  listCut(): Promise<string[]>;
  /**
   * Removes up to `limit` tokens that have expired, spent ones as well, and the sessions that have none left.
   *
   * @returns how many tokens there were
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

    async cutAll(userId, but = NIL) {
      await db('refresh_families')
        .where({ user_id: userId, cut_at: null })
        .whereNot({ id: but })
        .update({ cut_at: db.fn.now(), revoked_at: db.raw('coalesce(revoked_at, now())') });
    },

    async listCut() {
      return db('refresh_families')
        .whereRaw('cut_at > now() - make_interval(mins => ?)', [CUT_MINUTES])
        .orderBy('cut_at', 'desc')
        .limit(MAX_CUT)
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

/**
 * The account's row is locked while it is read: a change of the password or the role, or its end, comes before the
 * session, which then is not opened or has the new role, or after it, and then cuts it.
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

/** `spent_at IS NULL` lets one of many parallel requests win: the others wait for its row, then see it spent. */
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
