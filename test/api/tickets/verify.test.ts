import { createHmac, randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWK,
} from 'jose';
import { encodeQR } from 'qr';
import { signTicketCode } from '../../../src/api/tickets/code/sign';
import { toClaims, verifyTicketCode, type TicketCode } from '../../../src/api/tickets/code/verify';

interface Signer {
  kid: string;
  key: CryptoKey;
  jwk: JWK;
}

async function aSigner(kid = 'a1B-'): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  return { kid, key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'EdDSA' } };
}

const aTicket = (version = 1): TicketCode => ({ ticketId: randomUUID(), scheduleId: randomUUID(), version });
const keysOf = (...signers: Signer[]) => createLocalJWKSet({ keys: signers.map(({ jwk }) => jwk) });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

let signer: Signer;
let ticket: TicketCode;
let code: string;

const claims = (change: object = {}) => Object.assign(toClaims(ticket), change);
const header = () => ({ alg: 'EdDSA', kid: signer.kid, typ: 'ticket+jwt' });

async function expectInvalid(text: string): Promise<void> {
  expect(await verifyTicketCode(text, keysOf(signer))).toEqual({ outcome: 'invalid' });
}

beforeAll(async () => {
  signer = await aSigner();
  ticket = aTicket();
  code = await signTicketCode(ticket, signer);
});

describe('the code of a ticket', () => {
  it('shows ticket, show and version to any reader with the public key', async () => {
    expect(await verifyTicketCode(code, keysOf(signer))).toEqual({ outcome: 'genuine', ...ticket });
  });

  it.each([
    ['line end', '', '\r\n'],
    ['tab', '', '\t'],
    ['space', ' ', ''],
    ['byte order mark', '\uFEFF', ''],
    ['AIM identifier', ']Q1', ''],
    ['AIM identifier among others', ' \uFEFF]d2 ', '\u0003\r'],
    ['zero-width mark', '\u200B', '\u200E'],
  ])('is read with the %s that a scanner adds', async (_, before, after) => {
    const check = await verifyTicketCode(`${before}${code}${after}`, keysOf(signer));
    expect(check).toEqual({ outcome: 'genuine', ...ticket });
  });

  it.each([
    ['quotes', '"', '"'],
    ['two AIM identifiers', ']Q1]Q1', ''],
    ['half an AIM identifier', ']Q', ''],
    ['a letter', 'x', ''],
    ['a space inside', 'e ', ''],
  ])('is not read with %s', async (_, before, after) => {
    await expectInvalid(`${before}${code}${after}`);
  });

  it('is rejected at once if it is almost only white space', async () => {
    await expectInvalid(' '.repeat(60_000) + 'x' + ' '.repeat(60_000));
  });

  it('is the same each time it is signed', async () => {
    expect(await signTicketCode(ticket, signer)).toBe(code);
  });

  it.each([1, 9, 99, 9_999])('fits a QR of version 11 at error correction M as issue %i', async (version) => {
    const modules = encodeQR(await signTicketCode(aTicket(version), signer), 'raw', {
      ecc: 'medium',
      border: 1,
    });
    expect((modules.length - 2 - 17) / 4).toBe(11);
  });

  it('is valid only for its own show if the caller names a show', async () => {
    const keys = keysOf(signer);
    const { scheduleId } = ticket;
    expect(await verifyTicketCode(code, keys, { scheduleId })).toMatchObject({ outcome: 'genuine' });
    const upper = scheduleId.toUpperCase();
    expect(await verifyTicketCode(code, keys, { scheduleId: upper })).toMatchObject({ outcome: 'genuine' });
    const other = randomUUID();
    expect(await verifyTicketCode(code, keys, { scheduleId: other })).toEqual({ outcome: 'wrong-show' });
  });

  it('is still genuine if its version is old: only the service knows of a newer one', async () => {
    const newer = await signTicketCode({ ...ticket, version: 2 }, signer);
    expect(await verifyTicketCode(code, keysOf(signer))).toMatchObject({ outcome: 'genuine', version: 1 });
    expect(await verifyTicketCode(newer, keysOf(signer))).toMatchObject({ outcome: 'genuine', version: 2 });
  });
});

describe('keys', () => {
  it('still verify after they are rotated out, and the new key verifies its own codes', async () => {
    const newer = await aSigner('b2C_');
    const later = await signTicketCode(ticket, newer);
    expect(await verifyTicketCode(code, keysOf(newer, signer))).toMatchObject({ outcome: 'genuine' });
    expect(await verifyTicketCode(later, keysOf(newer, signer))).toMatchObject({ outcome: 'genuine' });
  });

  it('verify nothing once they are revoked', async () => {
    expect(await verifyTicketCode(code, keysOf(await aSigner('b2C_')))).toEqual({ outcome: 'invalid' });
  });

  it('are found by name, and another key under the same name does not verify', async () => {
    expect(await verifyTicketCode(code, keysOf(await aSigner(signer.kid)))).toEqual({ outcome: 'invalid' });
  });

  it('cause an error and no verdict if they cannot be read', async () => {
    const failing = verifyTicketCode(code, () => Promise.reject(new Error('no keys')));
    await expect(failing).rejects.toThrow('no keys');
  });
});

describe('a code is invalid', () => {
  it('if any character is changed, except the last, which has spare bits', async () => {
    const keys = keysOf(signer);
    const character = fc.constantFrom('a', 'b', 'Z', '0', '9', '-', '_', '.', '=');
    await fc.assert(
      fc.asyncProperty(fc.nat(code.length - 2), character, async (at, replaced) => {
        const changed = code.slice(0, at) + replaced + code.slice(at + 1);
        fc.pre(changed !== code);
        expect(await verifyTicketCode(changed, keys)).toEqual({ outcome: 'invalid' });
      }),
    );
  });

  it('if its version is changed', async () => {
    const [head, , signature] = code.split('.');
    await expectInvalid(`${head}.${encode(claims({ ver: 2 }))}.${signature}`);
  });

  it('without a signature', async () => {
    const unsigned = new UnsecuredJWT(claims()).encode();
    await expectInvalid(unsigned);
    await expectInvalid(`${encode({ ...header(), alg: 'none' })}.${encode(claims())}.`);
  });

  it('if it is an HMAC with the public key as its secret', async () => {
    const content = `${encode({ ...header(), alg: 'HS256' })}.${encode(claims())}`;
    const signature = createHmac('sha256', String(signer.jwk.x)).update(content).digest('base64url');
    await expectInvalid(`${content}.${signature}`);
  });

  it('if it uses another algorithm, also if its key is in the list', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'e', alg: 'ES256' };
    const foreign = await new SignJWT(claims())
      .setProtectedHeader({ ...header(), alg: 'ES256', kid: 'e' })
      .sign(privateKey);
    expect(await verifyTicketCode(foreign, keysOf({ kid: 'e', key: privateKey, jwk }))).toEqual({
      outcome: 'invalid',
    });
  });

  it.each(['at+jwt', 'holdfast-queue+jwt', 'JWT', undefined])('if its type is %s', async (typ) => {
    const { alg, kid } = header();
    const protectedHeader = { alg, kid, ...(typ === undefined ? {} : { typ }) };
    await expectInvalid(await new SignJWT(claims()).setProtectedHeader(protectedHeader).sign(signer.key));
  });

  it.each([
    ['no ticket', { sub: undefined }],
    ['a ticket that is not an id', { sub: 'mina' }],
    ['several shows', { aud: ['a', 'b'] }],
    ['no version', { ver: undefined }],
    ['a version in words', { ver: 'one' }],
  ])('if it is signed with %s', async (_, change) => {
    await expectInvalid(await new SignJWT(claims(change)).setProtectedHeader(header()).sign(signer.key));
  });

  it('if it is any other text', async () => {
    const keys = keysOf(signer);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'grapheme' }), fc.webUrl(), fc.json()), async (text) => {
        expect(await verifyTicketCode(text, keys)).toEqual({ outcome: 'invalid' });
      }),
    );
  });
});
