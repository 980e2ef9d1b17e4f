import type { Knex } from 'knex';
import { NIL, v5 as uuidFromName, v7 as newUuid } from 'uuid';
import {
  createIdempotencyStore,
  type GivenAnswer,
  type IdempotencyScope,
  type IdempotencyStore,
  type UsedKey,
} from '../../db/idempotencyStore';
import { Problem, type ProblemSlug } from '../../domain/problems';
import type { Passwords } from '../accounts/passwords';
import { plainFingerprint, secretFingerprint, type BodySecret, type Fingerprint } from './fingerprint';

/** Namespace of the ids that are derived from keys; any fixed UUID would do. */
const NAMESPACE = '5f0c2f9e-0e5b-4c39-9d0c-0a4f7d1b8a52';

/** Refused before anything happened: the key is free again. */
const WITHOUT_EFFECT: ReadonlySet<ProblemSlug> = new Set<ProblemSlug>([
  'validation-failed',
  'invalid-queue-token',
  'queue-token-expired',
  'queue-token-mismatch',
  'queue-token-wrong-room',
  'queue-not-admitted',
]);

/** The outcome is not known, or may be another next time: the key stays taken and nothing is recorded. */
const WITHOUT_OUTCOME: ReadonlySet<ProblemSlug> = new Set<ProblemSlug>([
  'rate-limited',
  'hold-limit-exceeded',
  'temporarily-unavailable',
  'internal-error',
]);

/** An answer that can be given again: its body is plain JSON. */
export interface RepeatableAnswer {
  status: number;
  headers?: { Location: string };
  body?: unknown;
  /** True for an answer that will change, such as 202: it is not recorded. */
  interim?: boolean;
}

export interface IdempotentRequest {
  /** Left out where nobody is logged in: all such callers share the keys of a route. */
  userId?: string | undefined;
  /** Method and path, with the ids in it. */
  route: string;
  /** The header `Idempotency-Key`; without it each call is a new attempt. */
  key: string | undefined;
  /** As it was validated. */
  body: unknown;
  /** What secret the body holds; its answer is then recorded encrypted. */
  secret?: BodySecret;
}

/** Has the effect through this connection alone, and quickly: others may wait for its transaction. */
export type Effect<Answer> = (db: Knex) => Promise<Answer>;

/**
 * Decides the answer of a key in one transaction with its effect. Requests under the same key wait for each other here.
 * Where an answer stands already, the effect does not run, and that answer is returned.
 */
export type Settle<Answer> = (effect: (transaction: Knex.Transaction) => Promise<Answer>) => Promise<Answer>;

export interface Idempotency {
  /**
   * For effects that Temporal, Redis or several transactions have. Runs an operation under an id that follows
   * from user, route and key: a second request with the same key runs it under the same id, so that Temporal and
   * Postgres join the two into one effect. The answer that is recorded first is the answer of both.
   *
   * @param operation an effect that Postgres decides goes through `settle`: its answer is then recorded with it
   * @param recall what an earlier run under this id has come to for good; null where it had no effect, or its outcome is
   *   not known yet. It may throw a problem as well. It is asked before a request is repeated, and before a refusal is
   *   recorded. An effect without a record of its own has none.
   * @throws {Problem} idempotency-key-reused for another body, or the operation's problem, the same each time
   */
  run<Answer extends RepeatableAnswer>(
    request: IdempotentRequest,
    operation: (operationId: string, settle: Settle<Answer>) => Promise<Answer>,
    recall?: (operationId: string, db: Knex) => Promise<Answer | null>,
  ): Promise<Answer>;

  /**
   * For effects in Postgres alone: key, effect and answer are one transaction. Whoever comes with the same key
   * meanwhile waits for it and gets its answer, or has the effect itself where the first one failed.
   *
   * @param prepare does what is slow and has no effect, such as hashing; what it refuses leaves the key free.
   *   What the effect refuses is the key's answer, beside whatever it has written; where nobody is logged in, the
   *   key is free again.
   * @throws {Problem} as `run` does
   */
  transact<Answer extends RepeatableAnswer>(
    request: IdempotentRequest,
    prepare: () => Effect<Answer> | Promise<Effect<Answer>>,
  ): Promise<Answer>;

  /**
   * For a request whose body is refused for its form.
   *
   * @throws {Problem} idempotency-key-reused where the key was used before, so with another body
   */
  refuseUsed(request: Pick<IdempotentRequest, 'userId' | 'route' | 'key'>): Promise<void>;
}

export function createIdempotency({ db, passwords }: { db: Knex; passwords: Passwords }): Idempotency {
  const store = createIdempotencyStore(db);

  const fingerprintOf = async (scope: IdempotencyScope, { body, secret }: IdempotentRequest) =>
    secret ? secretFingerprint({ scope, body, secret }, passwords) : plainFingerprint(body);

  return {
    async run<Answer extends RepeatableAnswer>(
      request: IdempotentRequest,
      operation: (operationId: string, settle: Settle<Answer>) => Promise<Answer>,
      recall: (operationId: string, db: Knex) => Promise<Answer | null> = () => Promise.resolve(null),
    ) {
      const scope = scopeOf(request);
      if (!scope) return operation(newUuid(), async (effect) => db.transaction(effect));
      const fingerprint = await fingerprintOf(scope, request);
      const { bodyHash } = fingerprint;
      const used = await store.take(scope, bodyHash);
      const earlier = earlierAnswer(used, fingerprint);
      if (earlier) return repeat<Answer>(earlier);
      const operationId = uuidFromName(`${scope.userId} ${scope.route} ${scope.key}`, NAMESPACE);

      const record = async (keys: IdempotencyStore, answer: GivenAnswer): Promise<GivenAnswer> =>
        fingerprint.open(await keys.record(scope, bodyHash, fingerprint.seal(answer)));
      let settled = false;
      const settle: Settle<Answer> = async (effect) => {
        const given = await db.transaction(async (transaction) => {
          const keys = createIdempotencyStore(transaction);
          // The key's row is locked from here: the first of several requests decides for all.
          const standing = earlierAnswer(await keys.take(scope, bodyHash), fingerprint);
          return standing ?? record(keys, toRecord(await effect(transaction)));
        });
        settled = true;
        return repeat<Answer>(given);
      };
      /** A refusal is the key's answer only where no earlier run has had an effect. */
      const refuse = async (problem: Problem): Promise<Answer> => {
        const given = await db.transaction(async (transaction) => {
          const keys = createIdempotencyStore(transaction);
          const standing = earlierAnswer(await keys.take(scope, bodyHash), fingerprint);
          if (standing) return standing;
          const recalled = await recall(operationId, transaction).catch(nullForProblems);
          return record(keys, recalled ? toRecord(recalled) : toProblemRecord(problem));
        });
        return repeat<Answer>(given);
      };

      try {
        if (!used.isNew) {
          const recalled = await recall(operationId, db);
          if (recalled) return repeat<Answer>(await record(store, toRecord(recalled)));
        }
        const answer = await operation(operationId, settle);
        if (settled || answer.interim) return answer;
        return repeat<Answer>(await record(store, toRecord(answer)));
      } catch (error) {
        if (!hasOutcome(error)) throw error;
        if (!WITHOUT_EFFECT.has(error.slug)) return refuse(error);
        // A key that was taken before may be that of an effect under way: its outcome will be the key's answer.
        if (used.isNew) await store.forget(scope);
        throw error;
      }
    },

    async transact<Answer extends RepeatableAnswer>(
      request: IdempotentRequest,
      prepare: () => Effect<Answer> | Promise<Effect<Answer>>,
    ) {
      const scope = scopeOf(request);
      if (!scope) {
        const effect = await prepare();
        return effect(db);
      }
      const fingerprint = await fingerprintOf(scope, request);
      const { bodyHash } = fingerprint;
      const known = earlierAnswer(await store.find(scope), fingerprint);
      if (known) return repeat<Answer>(known);
      const effect = await prepare();
      const answer = await db.transaction(async (tx) => {
        const keys = createIdempotencyStore(tx);
        const earlier = earlierAnswer(await keys.take(scope, bodyHash), fingerprint);
        if (earlier) return earlier;
        const outcome = await outcomeOf(effect, tx);
        // A row for each refusal of nobody in particular would be anybody's way to fill the table.
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

/** The refusal that is about to be recorded says the same, and more. */
function nullForProblems(error: unknown): null {
  if (error instanceof Problem) return null;
  throw error;
}

/** Null where the client sent no key. */
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

async function outcomeOf(effect: Effect<RepeatableAnswer>, tx: Knex.Transaction): Promise<GivenAnswer> {
  try {
    return toRecord(await effect(tx));
  } catch (error) {
    if (!hasOutcome(error)) throw error;
    return toProblemRecord(error);
  }
}

/** Whether a request is refused for good: it gets the same answer when it is repeated under its key. */
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
    throw new Problem(slug, detail, members);
  }
  const { status, body, location } = given;
  const answer: RepeatableAnswer = {
    status,
    body,
    ...(location === undefined ? {} : { headers: { Location: location } }),
  };
  // Recorded by this file from an answer of the same route: the type is that route's.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return answer as Answer;
}
