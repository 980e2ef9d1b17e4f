import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { randomBytes, randomUUID } from 'node:crypto';
import type {
  KeyPurpose,
  NewSigningKey,
  SigningKey,
  SigningKeyStore,
} from '../../db/accounts/signingKeyStore';

/** EdDSA signs in about 25 µs; RSA takes a hundred times as long. The only algorithm that is accepted. */
export const ALGORITHM = 'EdDSA';

/** A retired session key verifies until every token that it signed has ended; the queue's live longest. */
const RETIRED_SESSION_KEY_LIFE_MS = 24 * 60 * 60 * 1_000;

/** An unknown `kid` makes the ring read the table again, at most this often: forged ones cost nothing. */
const RELOAD_INTERVAL_MS = 5_000;

/** The table is read again when the keys are this old and one is asked for: a rotation gets round. */
const KEYS_AGE_MS = 60_000;

/** The keys in memory: imported once, so that signing and verifying cost microseconds. */
export interface KeyRing {
  signer(): { kid: string; key: CryptoKey };
  /** Null for a key that is unknown, also to the table. */
  verifier(kid: string): Promise<CryptoKey | null>;
  /** For /.well-known/jwks.json. */
  publicKeys(): JWK[];
  /** Reads the table again, such as after a rotation. */
  reload(): Promise<void>;
}

interface Keys {
  signer: { kid: string; key: CryptoKey };
  verifiers: ReadonlyMap<string, CryptoKey>;
  publicKeys: JWK[];
}

/** Loads the keys; makes the first one where there is none. */
export async function createKeyRing(store: SigningKeyStore): Promise<KeyRing> {
  let keys = await loadOrCreate(store);
  let loadedAt = Date.now();
  let loading: Promise<void> | null = null;

  const load = async (): Promise<void> => {
    loadedAt = Date.now();
    keys = await loadOrCreate(store);
  };
  const reload = async (): Promise<void> => {
    loading ??= load().finally(() => {
      loading = null;
    });
    return loading;
  };

  const current = (): Keys => {
    // In the background, and without harm when it fails: the keys at hand still verify everywhere.
    if (Date.now() - loadedAt > KEYS_AGE_MS) reload().catch(() => undefined);
    return keys;
  };

  return {
    signer: () => current().signer,
    publicKeys: () => current().publicKeys,
    reload,
    async verifier(kid) {
      const known = current().verifiers.get(kid);
      if (known) return known;
      if (!loading && Date.now() - loadedAt < RELOAD_INTERVAL_MS) return null;
      await reload();
      return keys.verifiers.get(kid) ?? null;
    },
  };
}

/**
 * A new key signs from now on. Running processes sign with it within a minute, or when they meet a token
 * signed with it; until then the old key goes on, and both verify everywhere.
 *
 * @param earlier `revoked` after a leak: what earlier keys have signed is worth nothing any more, within a
 * minute, but for access and queue tokens that a running process has signed or verified before
 * @returns the new key's id
 */
export async function rotateSigningKey(
  store: SigningKeyStore,
  earlier: 'kept' | 'revoked' = 'kept',
): Promise<string> {
  const key = await generateSigningKey(store.purpose);
  await store.rotate(key, earlier === 'kept' ? keepRetiredSince(store.purpose) : null);
  return key.kid;
}

/** A ticket is good until its show, however long that was sold before: its keys verify until they are revoked. */
function keepRetiredSince(purpose: KeyPurpose): Date {
  return purpose === 'ticket' ? new Date(0) : new Date(Date.now() - RETIRED_SESSION_KEY_LIFE_MS);
}

async function loadOrCreate(store: SigningKeyStore): Promise<Keys> {
  const stored = await store.list();
  const since = keepRetiredSince(store.purpose);
  if (stored.some((key) => key.retiredAt === null)) return importKeys(stored, since);
  await store.addFirst(await generateSigningKey(store.purpose));
  return importKeys(await store.list(), since);
}

async function importKeys(stored: readonly SigningKey[], retiredSince: Date): Promise<Keys> {
  const live = stored.filter(({ retiredAt }) => retiredAt === null || retiredAt > retiredSince);
  const [newest] = live;
  if (newest?.retiredAt !== null) throw new Error('no key signs');
  const verifiers = await Promise.all(
    live.map(async ({ kid, publicJwk }) => [kid, await importKey(publicJwk)] as const),
  );
  return {
    signer: { kid: newest.kid, key: await importKey(newest.privateJwk) },
    verifiers: new Map(verifiers),
    publicKeys: live.map(toPublicKey),
  };
}

function toPublicKey({ kid, publicJwk }: SigningKey): JWK {
  return { ...publicJwk, kid, use: 'sig', alg: ALGORITHM };
}

async function generateSigningKey(purpose: KeyPurpose): Promise<NewSigningKey> {
  const pair = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true });
  return {
    // A ticket's code carries the id, and each character makes its picture finer.
    kid: purpose === 'ticket' ? randomBytes(3).toString('base64url') : randomUUID(),
    privateJwk: await exportJWK(pair.privateKey),
    publicJwk: await exportJWK(pair.publicKey),
  };
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, ALGORITHM);
  if (key instanceof Uint8Array) throw new Error('a signing key is not asymmetric');
  return key;
}
