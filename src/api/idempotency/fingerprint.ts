import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { GivenAnswer, IdempotencyScope, RecordedAnswer } from '../../db/idempotencyStore';
import type { Passwords } from '../accounts/passwords';

/** A secret in a body: a password, which can be guessed, or a token of 256 random bits, which cannot. */
export type BodySecret = 'password' | 'token';

/**
 * What the service stores of a request. It is enough to recognise the body, and to repeat the response only to that
 * body.
 */
export interface Fingerprint {
  bodyHash: Buffer;
  seal(answer: GivenAnswer): RecordedAnswer;
  open(answer: RecordedAnswer): GivenAnswer;
}

/** AES-256-GCM with the IV of NIST SP 800-38D, 5.2.1.1. */
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** For a body without a secret: stores the digest of the body, and responses as they are. */
export function plainFingerprint(body: unknown): Fingerprint {
  return {
    bodyHash: createHash('sha256').update(serialise(body)).digest(),
    seal: (answer) => answer,
    open(answer) {
      if ('sealed' in answer) throw new Error('a sealed answer to a body without a secret');
      return answer;
    },
  };
}

/**
 * For a body with a secret. The hash and the key are both derived from the body, so only the same request opens the
 * response. An attacker who guesses at a leaked row pays the cost of the password hash for each guess.
 */
export async function secretFingerprint(
  { scope, body, secret }: { scope: IdempotencyScope; body: unknown; secret: BodySecret },
  passwords: Passwords,
): Promise<Fingerprint> {
  const salt = createHash('sha256').update(JSON.stringify(scope)).digest();
  const text = serialise(body);
  const material = secret === 'password' ? await passwords.stretch(text, salt) : text;
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', material, salt, purpose, 32));
  const key = derive('answer');
  return {
    bodyHash: derive('body'),
    seal: (answer) => ({ sealed: encrypt(key, JSON.stringify(answer)) }),
    open(answer) {
      if (!('sealed' in answer)) throw new Error('an open answer to a body with a secret');
      // `seal` above wrote this text, with a key that no one else can derive.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
      return JSON.parse(decrypt(key, answer.sealed)) as GivenAnswer;
    },
  };
}

/** Serialises a validated body. zod orders its fields, so equal bodies give equal text. */
function serialise(body: unknown): string {
  return JSON.stringify(body ?? null);
}

function encrypt(key: Buffer, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
}

function decrypt(key: Buffer, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}
