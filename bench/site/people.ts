import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { Client as Postgres } from 'pg';
import { z } from 'zod';
import type { Client } from '../generator/client';
import type { Customer, Person } from '../generator/protocol';

/** Far longer than the 15 minutes of the service, so that no client has to log in again during a run. */
const TOKEN_LIFE = '12h';

export interface People {
  /** The public part of the signing key, for servers that verify tokens. */
  publicJwk: object;
  /** Makes accounts with this number of points in their wallets, and their access tokens. */
  welcome(count: number, points: number): Promise<Person[]>;
}

const keySchema = z.object({
  kid: z.string(),
  private_jwk: z.looseObject({ kty: z.string() }),
  public_jwk: z.looseObject({ kty: z.string() }),
});

/**
 * A shortcut around sign-up, login and top-up, which by design cost 100 ms of processor time a person. Accounts go
 * directly into Postgres, and this module signs their tokens with the service's own key. Points come from a ledger
 * account that only the benchmark has, so that the gateway's book stays equal to the ledger.
 */
export async function openPeople(postgres: Postgres): Promise<People> {
  const { rows } = await postgres.query(
    `SELECT kid, private_jwk, public_jwk FROM signing_keys WHERE purpose = 'session' AND retired_at IS NULL`,
  );
  const { kid, private_jwk, public_jwk } = keySchema.parse(rows[0]);
  const key = await importJWK(private_jwk, 'EdDSA');
  const accessToken = (userId: string): Promise<string> =>
    new SignJWT({ role: 'USER', sid: randomUUID() })
      .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'at+jwt' })
      .setIssuer('holdfast')
      .setAudience('holdfast-api')
      .setSubject(userId)
      .setIssuedAt()
      .setExpirationTime(TOKEN_LIFE)
      .sign(key);

  return {
    publicJwk: public_jwk,
    async welcome(count, points) {
      const userIds = Array.from({ length: count }, () => randomUUID());
      await postgres.query(ACCOUNTS, [userIds]);
      await postgres.query(WALLETS, [userIds, points]);
      if (points > 0) await postgres.query(OPENING_BALANCES, [userIds, points, randomUUID()]);
      const signed: Person[] = [];
      for (const userId of userIds) signed.push({ userId, accessToken: await accessToken(userId) });
      return signed;
    },
  };
}

const ACCOUNTS = `
  INSERT INTO users (id, login, password_hash)
  SELECT id, 'bench-' || id, 'none' FROM unnest($1::uuid[]) AS id`;

const WALLETS = `INSERT INTO wallets (user_id, balance) SELECT id, $2 FROM unnest($1::uuid[]) AS id`;

/** One journal for all of them. It sums to zero, as every journal does. */
const OPENING_BALANCES = `
  WITH journal AS (
    INSERT INTO journals (id, key, kind) VALUES ($3::uuid, 'opening-balances:' || $3::uuid, 'OPENING_BALANCES')
    RETURNING id
  )
  INSERT INTO entries (journal_id, account, user_id, amount, currency, balance_after)
  SELECT journal.id, 'wallet:' || person, person, $2::bigint, 'KRW', $2::bigint
  FROM journal, unnest($1::uuid[]) AS person
  UNION ALL
  SELECT journal.id, 'house:opening-balances', NULL, -$2::bigint * cardinality($1::uuid[]), 'KRW', NULL FROM journal`;

/** Enters a room as any client does: the room of the service, or the room of a schedule. */
export async function enterRoom(
  client: Client,
  people: readonly Person[],
  scheduleId?: string,
): Promise<Customer[]> {
  return Promise.all(
    people.map(async (person) => {
      const { queueToken } = await client.call(
        {
          method: 'POST',
          path: '/v1/queue/tokens',
          token: person.accessToken,
          body: scheduleId === undefined ? {} : { scheduleId },
        },
        201,
        z.object({ queueToken: z.string() }),
      );
      return { ...person, queueToken };
    }),
  );
}
