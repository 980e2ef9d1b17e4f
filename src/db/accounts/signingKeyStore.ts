import type { JWK } from 'jose';
import type { Knex } from 'knex';

/** The use of a key: to sign access and queue tokens, or to sign the codes of tickets. */
export type KeyPurpose = 'session' | 'ticket';

/** A key pair. `retiredAt` is set when a newer key signs. */
export interface SigningKey {
  kid: string;
  privateJwk: JWK;
  publicJwk: JWK;
  retiredAt: Date | null;
}

export type NewSigningKey = Omit<SigningKey, 'retiredAt'>;

/** The keys of one purpose. */
export interface SigningKeyStore {
  readonly purpose: KeyPurpose;
  /** The signing key first, then the keys that only verify, newest first. */
  list(): Promise<SigningKey[]>;
  /** Adds the key, unless there is one that signs. If many processes start at once, one of them adds its key. */
  addFirst(key: NewSigningKey): Promise<void>;
  /**
   * The key signs from now on, and the others only verify. Deletes keys retired before `keepRetiredSince`; null: all of
   * them.
   */
  rotate(key: NewSigningKey, keepRetiredSince: Date | null): Promise<void>;
}

interface KeyRow {
  purpose: KeyPurpose;
  kid: string;
  private_jwk: JWK;
  public_jwk: JWK;
  retired_at: Date | null;
}

export function createSigningKeyStore(db: Knex, purpose: KeyPurpose): SigningKeyStore {
  return {
    purpose,

    async list() {
      const rows = await db<KeyRow>('signing_keys')
        .where({ purpose })
        .select('kid', 'private_jwk', 'public_jwk', 'retired_at')
        .orderByRaw('retired_at DESC NULLS FIRST, created_at DESC');
      return rows.map((row) => ({
        kid: row.kid,
        privateJwk: row.private_jwk,
        publicJwk: row.public_jwk,
        retiredAt: row.retired_at,
      }));
    },

    async addFirst(key) {
      await exclusively(db, async (tx) => {
        const active = await tx<KeyRow>('signing_keys')
          .where({ purpose })
          .whereNull('retired_at')
          .first('kid');
        if (!active) await tx('signing_keys').insert(toRow(purpose, key));
      });
    },

    async rotate(key, keepRetiredSince) {
      await exclusively(db, async (tx) => {
        const keys = () => tx<KeyRow>('signing_keys').where({ purpose });
        await keys().whereNull('retired_at').update({ retired_at: tx.fn.now() });
        await (keepRetiredSince ? keys().where('retired_at', '<', keepRetiredSince) : keys()).delete();
        await tx('signing_keys').insert(toRow(purpose, key));
      });
    },
  };
}

/**
 * Runs a change of the keys under an exclusive lock. So at most one key of a purpose signs at any time. Readers do not
 * wait.
 */
async function exclusively(db: Knex, change: (tx: Knex.Transaction) => Promise<void>): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.raw('LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE');
    await change(tx);
  });
}

function toRow(purpose: KeyPurpose, key: NewSigningKey): Record<string, string> {
  return {
    purpose,
    kid: key.kid,
    private_jwk: JSON.stringify(key.privateJwk),
    public_jwk: JSON.stringify(key.publicJwk),
  };
}
