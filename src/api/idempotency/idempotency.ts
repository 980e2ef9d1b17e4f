import { createHash } from 'node:crypto';
import { v5 as uuidFromName, v7 as newUuid } from 'uuid';
import type { IdempotencyScope, IdempotencyStore, RecordedAnswer } from '../../db/idempotencyStore';
import { Problem, type ProblemSlug } from '../../domain/problems';

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
  'temporarily-unavailable',
  'internal-error',
]);

/** An answer that can be given again: its body is plain JSON. */
export interface RepeatableAnswer {
  status: number;
  headers?: { Location: string };
  body: unknown;
  /** True for an answer that will change, such as 202: it is not recorded. */
  interim?: boolean;
}

export interface IdempotentRequest {
  userId: string;
  /** Method and path as OpenAPI writes it. */
  route: string;
  /** The header `Idempotency-Key`; without it each call is a new attempt. */
  key: string | undefined;
  /** The validated body: zod orders its fields, so that equal bodies hash equally. */
  body: unknown;
}

export interface Idempotency {
  /**
   * Runs an operation under an id that follows from user, route and key: whoever comes with the same key runs
   * it under the same id, so that Temporal and Postgres join the two into one effect. The answer that is
   * recorded first is everybody's answer.
   *
   * @throws {Problem} idempotency-key-reused for another body, or the operation's problem, the same each time
   */
  run<Answer extends RepeatableAnswer>(
    request: IdempotentRequest,
    operation: (operationId: string) => Promise<Answer>,
  ): Promise<Answer>;
}

export function createIdempotency(store: IdempotencyStore): Idempotency {
  return {
    async run<Answer extends RepeatableAnswer>(
      { userId, route, key, body }: IdempotentRequest,
      operation: (operationId: string) => Promise<Answer>,
    ) {
      if (key === undefined) return operation(newUuid());
      const scope = { userId, route, key };
      const bodyHash = createHash('sha256').update(JSON.stringify(body)).digest();
      const used = await store.take(scope, bodyHash);
      if (!used.bodyHash.equals(bodyHash)) {
        throw new Problem('idempotency-key-reused', 'This key was used with another body.');
      }
      if (used.answer) return repeat<Answer>(used.answer);
      const operationId = uuidFromName(`${userId} ${route} ${key}`, NAMESPACE);
      return recorded(scope, bodyHash, () => operation(operationId));
    },
  };

  async function recorded<Answer extends RepeatableAnswer>(
    scope: IdempotencyScope,
    bodyHash: Buffer,
    operation: () => Promise<Answer>,
  ): Promise<Answer> {
    try {
      const answer = await operation();
      if (answer.interim) return answer;
      const { status, headers, body } = answer;
      const record = { status, body, ...(headers ? { location: headers.Location } : {}) };
      return repeat(await store.record(scope, bodyHash, record));
    } catch (error) {
      if (!(error instanceof Problem) || WITHOUT_OUTCOME.has(error.slug)) throw error;
      if (WITHOUT_EFFECT.has(error.slug)) {
        await store.forget(scope);
        throw error;
      }
      const { slug, message: detail, members } = error;
      return repeat(await store.record(scope, bodyHash, { problem: { slug, detail, members } }));
    }
  }
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller's route names it
function repeat<Answer extends RepeatableAnswer>(recorded: RecordedAnswer): Answer {
  if ('problem' in recorded) {
    const { slug, detail, members } = recorded.problem;
    throw new Problem(slug, detail, members);
  }
  const { status, body, location } = recorded;
  const answer: RepeatableAnswer = {
    status,
    body,
    ...(location === undefined ? {} : { headers: { Location: location } }),
  };
  // Recorded by this file from an answer of the same route: the type is that route's.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return answer as Answer;
}
