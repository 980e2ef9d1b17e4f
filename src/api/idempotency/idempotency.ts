import type { Knex } from 'knex';
import { NIL, v5 as uuidFromName, v7 as newUuid } from 'uuid';
import type {
  AnsweredKey,
  GivenAnswer,
  IdempotencyScope,
  IdempotencyStore,
  UsedKey,
} from '../../db/idempotencyStore';
import { inTransaction, storesOf, type Stores } from '../../db/stores';
import { Problem, type ProblemSlug } from '../../domain/problems';
import type { Passwords } from '../accounts/passwords';
import { plainFingerprint, secretFingerprint, type BodySecret, type Fingerprint } from './fingerprint';

/** The namespace of the ids that are derived from keys. Any fixed UUID would do. */
const NAMESPACE = '5f0c2f9e-0e5b-4c39-9d0c-0a4f7d1b8a52';

/** The request was rejected before it had any effect. The key is free again. */
const WITHOUT_EFFECT: ReadonlySet<ProblemSlug> = new Set<ProblemSlug>([
  'validation-failed',
  'invalid-queue-token',
  'queue-token-expired',
  'queue-token-mismatch',
  'queue-token-wrong-room',
  'queue-not-admitted',
]);

/** The outcome is not known, or may differ next time. The key stays taken, and nothing is recorded. */
const WITHOUT_OUTCOME: ReadonlySet<ProblemSlug> = new Set<ProblemSlug>([
  'rate-limited',
  'hold-limit-exceeded',
  'temporarily-unavailable',
  'internal-error',
]);

/** A response that can be repeated: its body is plain JSON. */
export interface RepeatableAnswer {
  status: number;
  headers?: { Location: string };
  body?: unknown;
  /** True for a response that will change, such as 202. It is not recorded. */
  interim?: boolean;
}

export interface IdempotentRequest {
  /** Left out if no user is logged in. All such callers share the keys of a route. */
  userId?: string | undefined;
  /** Method and path, with the ids in it. */
  route: string;
  /** The header `Idempotency-Key`. Without it, each call is a new attempt. */
  key: string | undefined;
  /** The validated body. */
  body: unknown;
  /** The kind of secret in the body. The response is then recorded encrypted. */
  secret?: BodySecret;
}

/** Has the effect through these stores only, and quickly: other requests may wait for their transaction. */
export type Effect<Answer> = (stores: Stores) => Promise<Answer>;

/**
 * Does what is slow and has no effect, such as hashing. If it refuses the request, the key stays free. If the effect
 * refuses, the refusal is the response of the key, and everything that the effect has written stays. If no user is
 * logged in, such a refusal leaves the key free.
 */
export type Prepare<Answer> = () => Effect<Answer> | Promise<Effect<Answer>>;

/**
 * Has the effect, and records the response of the key, in one statement. Or it has no effect and returns null.
 *
 * @param keyWith returns the key with its response, to be recorded
 */
export type InOneStatement<Answer> = (keyWith: (answer: Answer) => AnsweredKey) => Promise<Answer | null>;

/**
 * Decides the response of a key in one transaction with its effect. Requests with the same key wait for each other
 * here. If a response is recorded already, the effect does not run, and that response is returned. The transaction does
 * not run if `inOneStatement` has the same effect.
 *
 * A request without a key never has its effect in one statement. Such a statement may reach Postgres after the API has
 * given it up, and nobody would repeat the request and find the effect.
 */
export type Settle<Answer> = (
  effect: Effect<Answer>,
  inOneStatement?: InOneStatement<Answer>,
) => Promise<Answer>;

/** Has the effect. An effect that Postgres decides goes through `settle`, which records its response with it. */
export type Operation<Answer> = (operationId: string, settle: Settle<Answer>) => Promise<Answer>;

/**
 * Returns the final outcome of an earlier run under this id; null if that run had no effect, or its outcome is not
 * known yet. It may also throw a problem. It runs before a request is repeated, and before a refusal is recorded. An
 * effect without a record of its own has none.
 */
export type Recall<Answer> = (operationId: string, stores: Stores) => Promise<Answer | null>;

export interface Idempotency {
  /**
   * For effects in Temporal, in Redis or in several transactions. Runs an operation under an id that follows from user,
   * route and key. A second request with the same key runs it under the same id, so that Temporal and Postgres join the
   * two into one effect. The response that is recorded first is the response of both.
   *
   * @throws {Problem} idempotency-key-reused for another body, or the problem of the operation, the same each time
   */
  once<Answer extends RepeatableAnswer>(
    request: IdempotentRequest,
    operation: Operation<Answer>,
    recall?: Recall<Answer>,
  ): Promise<Answer>;

  /**
   * For effects in Postgres only: key, effect and response are one transaction. Another request with the same key waits
   * for this transaction and gets its response. If the first request failed, the second one performs the effect itself.
   *
   * @throws {Problem} as `once` does
   */
  transact<Answer extends RepeatableAnswer>(
    request: IdempotentRequest,
    prepare: Prepare<Answer>,
  ): Promise<Answer>;

  /**
   * For a request whose body is rejected for its form.
   *
   * @throws {Problem} idempotency-key-reused if the key was used before, because that was with another body
   */
  refuseUsed(request: Pick<IdempotentRequest, 'userId' | 'route' | 'key'>): Promise<void>;
}

export function createIdempotency({ db, passwords }: { db: Knex; passwords: Passwords }): Idempotency {
  const stores = storesOf(db);
  const store = stores.idempotencyKeys;

  const fingerprintOf = async (scope: IdempotencyScope, { body, secret }: IdempotentRequest) =>
    secret ? secretFingerprint({ scope, body, secret }, passwords) : plainFingerprint(body);

  return {
    async once<Answer extends RepeatableAnswer>(
      request: IdempotentRequest,
      operation: Operation<Answer>,
      recall: Recall<Answer> = () => Promise.resolve(null),
    ) {
      const scope = scopeOf(request);
      if (!scope) return operation(newUuid(), async (effect) => inTransaction(db, effect));
      const fingerprint = await fingerprintOf(scope, request);
      const { bodyHash } = fingerprint;
      const used = await store.take(scope, bodyHash);
      const earlier = earlierAnswer(used, fingerprint);
      if (earlier) return repeat<Answer>(earlier);
      const operationId = uuidFromName(`${scope.userId} ${scope.route} ${scope.key}`, NAMESPACE);

      const record = async (keys: IdempotencyStore, answer: GivenAnswer): Promise<GivenAnswer> =>
        fingerprint.open(await keys.record(scope, bodyHash, fingerprint.seal(answer)));
      let settled = false;
      const settle: Settle<Answer> = async (effect, inOneStatement) => {
        const keyWith = (answer: Answer): AnsweredKey => ({
          scope,
          bodyHash,
          answer: fingerprint.seal(toRecord(answer)),
        });
        const answer = await inOneStatement?.(keyWith);
        if (answer) {
          settled = true;
          return answer;
        }
        const given = await inTransaction(db, async (tx) => {
          const { idempotencyKeys: keys } = tx;
          // The transaction locks the row of the key from here on. The first of several requests decides for all.
          const standing = earlierAnswer(await keys.take(scope, bodyHash), fingerprint);
          return standing ?? record(keys, toRecord(await effect(tx)));
        });
        settled = true;
        return repeat<Answer>(given);
      };
      /** A refusal is the response of the key only if no earlier run had an effect. */
      const refuse = async (problem: Problem): Promise<Answer> => {
        const given = await inTransaction(db, async (tx) => {
          const { idempotencyKeys: keys } = tx;
          const standing = earlierAnswer(await keys.take(scope, bodyHash), fingerprint);
          if (standing) return standing;
          const recalled = await recall(operationId, tx).catch(nullForProblems);
          return record(keys, recalled ? toRecord(recalled) : toProblemRecord(problem));
        });
        return repeat<Answer>(given);
      };

      try {
        if (!used.isNew) {
          const recalled = await recall(operationId, stores);
          if (recalled) return repeat<Answer>(await record(store, toRecord(recalled)));
        }
        const answer = await operation(operationId, settle);
        if (settled || answer.interim) return answer;
        return repeat<Answer>(await record(store, toRecord(answer)));
      } catch (error) {
        if (!hasOutcome(error)) throw error;
        if (!WITHOUT_EFFECT.has(error.slug)) return refuse(error);
        // If the key was taken before, an effect may be under way. The outcome of that effect will be the response of
        // the key.
        if (used.isNew) await store.forget(scope);
        throw error;
      }
    },

    async transact<Answer extends RepeatableAnswer>(request: IdempotentRequest, prepare: Prepare<Answer>) {
      const scope = scopeOf(request);
      if (!scope) {
        const effect = await prepare();
        return effect(stores);
      }
      const fingerprint = await fingerprintOf(scope, request);
      const { bodyHash } = fingerprint;
      const known = earlierAnswer(await store.find(scope), fingerprint);
      if (known) return repeat<Answer>(known);
      const effect = await prepare();
      const answer = await inTransaction(db, async (tx) => {
        const { idempotencyKeys: keys } = tx;
        const earlier = earlierAnswer(await keys.take(scope, bodyHash), fingerprint);
        if (earlier) return earlier;
        const outcome = await outcomeOf(effect, tx);
        // Without a login, a row for each refusal would let any client fill the table.
        if ('problem' in outcome && request.userId === undefined) await keys.forget(scope);
        else await keys.record(scope, bodyHash, fingerprint.seal(outcome));
        return outcome;
      });
      return repeat<Answer>(answer);
    },

    async refuseUsed(request) {
      const scope = scopeOf(request);
      if (scope && (await store.find(scope))) throw keyReused();
    },
  };
}

/** Ignores a problem, because the refusal that is about to be recorded says the same, and more. */
function nullForProblems(error: unknown): null {
  if (error instanceof Problem) return null;
  throw error;
}

/** Null if the client sent no key. */
function scopeOf({
  userId = NIL,
  route,
  key,
}: Pick<IdempotentRequest, 'userId' | 'route' | 'key'>): IdempotencyScope | null {
  return key === undefined ? null : { userId, route, key };
}

/** @throws {Problem} idempotency-key-reused */
function earlierAnswer(
  used: Pick<UsedKey, 'bodyHash' | 'answer'> | null,
  fingerprint: Fingerprint,
): GivenAnswer | null {
  if (!used) return null;
  if (!used.bodyHash.equals(fingerprint.bodyHash)) throw keyReused();
  return used.answer && fingerprint.open(used.answer);
}

function keyReused(): Problem {
  return new Problem('idempotency-key-reused', 'This key was used with another body.');
}

async function outcomeOf(effect: Effect<RepeatableAnswer>, tx: Stores): Promise<GivenAnswer> {
  try {
    return toRecord(await effect(tx));
  } catch (error) {
    if (!hasOutcome(error)) throw error;
    return toProblemRecord(error);
  }
}

/** Whether a request is permanently rejected: a repeat under its key gets the same response. */
export function hasOutcome(error: unknown): error is Problem {
  return error instanceof Problem && !WITHOUT_OUTCOME.has(error.slug);
}

function toRecord({ status, headers, body }: RepeatableAnswer): GivenAnswer {
  return { status, body, ...(headers ? { location: headers.Location } : {}) };
}

function toProblemRecord({ slug, message: detail, members }: Problem): GivenAnswer {
  return { problem: { slug, detail, members } };
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller's route names it
function repeat<Answer extends RepeatableAnswer>(given: GivenAnswer): Answer {
  if ('problem' in given) {
    const { slug, detail, members } = given.problem;
    throw Problem.again(slug, detail, members);
  }
  const { status, body, location } = given;
  const answer: RepeatableAnswer = {
    status,
    body,
    ...(location === undefined ? {} : { headers: { Location: location } }),
  };
  // This file has recorded it from a response of the same route, so the type is that of the route.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return answer as Answer;
}
