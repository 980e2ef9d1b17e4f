import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { randomBytes, randomUUID } from 'node:crypto';
import type {
  KeyPurpose,
  NewSigningKey,
  SigningKey,
  SigningKeyStore,
} from '../../db/accounts/signingKeyStore';

/** The only algorithm that the API accepts. EdDSA signs in about 25 µs; RSA takes a hundred times as long. */
export const ALGORITHM = 'EdDSA';

/** A retired session key still verifies until every token that it signed has expired. Queue tokens live longest. */
const RETIRED_SESSION_KEY_LIFE_MS = 24 * 60 * 60 * 1_000;

/**
 * A token with an unknown `kid` makes the ring read the table again, but at most this often. So forged tokens cost
 * nothing.
 */
const RELOAD_INTERVAL_MS = 5_000;

/**
 * The ring reads the table again if its keys are this old and a caller asks for one. So a rotation reaches every
 * process.
 */
const KEYS_AGE_MS = 60_000;

/** The keys in memory. The ring imports them once, so that signing and verifying cost microseconds. */
export interface KeyRing {
  signer(): { kid: string; key: CryptoKey };
  /** Null if neither the ring nor the table has the key. */
  verifier(kid: string): Promise<CryptoKey | null>;
  /** For /.well-known/jwks.json. */
  publicKeys(): JWK[];
  /** Reads the table again, for example after a rotation. */
  reload(): Promise<void>;
}

interface Keys {
  signer: { kid: string; key: CryptoKey };
  verifiers: ReadonlyMap<string, CryptoKey>;
  publicKeys: JWK[];
}

/** Loads the keys. Makes the first key if there is none. */
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
    // Reloads in the background. A failure does no harm: the keys in memory still verify in every process.
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
 * From now on a new key signs. A running process signs with it within a minute, or as soon as it gets a token that is
 * signed with it. Until then the old key still signs, and every process verifies both.
 *
 * @param earlier `revoked` after a leak: within a minute, no process accepts what earlier keys have signed. The
 *   exceptions are access and queue tokens that a running process has signed or verified before
 * @returns the id of the new key
 */
export async function rotateSigningKey(
  store: SigningKeyStore,
  earlier: 'kept' | 'revoked' = 'kept',
): Promise<string> {
  const key = await generateSigningKey(store.purpose);
  await store.rotate(key, earlier === 'kept' ? keepRetiredSince(store.purpose) : null);
  return key.kid;
}

/**
 * A ticket is valid until its show, however early it was sold. So ticket keys verify until an operator revokes them.
 */
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
    // The code of a ticket contains the key id, and each character makes the picture of the code finer.
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
