import type {
  Idempotency,
  IdempotentRequest,
  Operation,
  Prepare,
  Recall,
  RepeatableAnswer,
} from '../idempotency/idempotency';

/**
 * How a request has its effect only once for each `Idempotency-Key`. `transaction`: the effect is in Postgres only, and
 * its response is recorded in the same transaction. `once`: any other effect.
 */
export type EffectKind = 'once' | 'transaction';

export interface OnceOptions<Answer extends RepeatableAnswer> {
  recall?: Recall<Answer>;
  /** What identifies the body, if the validated body is too large for that. */
  body?: unknown;
  /** The session that the key belongs to. When left out, the key belongs to the user. */
  sessionId?: string;
}

/** Runs the effect of this request under its key: see `Idempotency`. */
export type Once = <Answer extends RepeatableAnswer>(
  operation: Operation<Answer>,
  options?: OnceOptions<Answer>,
) => Promise<Answer>;

/** Runs the effect of this request and records its response in one transaction: see `Idempotency`. */
export type Transact = <Answer extends RepeatableAnswer>(prepare: Prepare<Answer>) => Promise<Answer>;

/**
 * The functions that a handler gets if its endpoint declares an effect. `refuseUsedKey` is for a body that the handler
 * rejects for its form: it throws idempotency-key-reused if the caller has sent this key to this path before.
 */
export type EffectsOf<E extends EffectKind | undefined> = E extends 'once'
  ? { once: Once; refuseUsedKey: () => Promise<void> }
  : E extends 'transaction'
    ? { transact: Transact }
    : object;

/** The effects of one request, and whether its handler has used one of them. */
export function effectsOf(idempotency: Idempotency, request: IdempotentRequest) {
  let used = false;
  const once: Once = async (operation, { recall, body = request.body, sessionId } = {}) => {
    used = true;
    const route = sessionId === undefined ? request.route : `${request.route} of ${sessionId}`;
    return idempotency.once({ ...request, route, body }, operation, recall);
  };
  const transact: Transact = async (prepare) => {
    used = true;
    return idempotency.transact(request, prepare);
  };
  const refuseUsedKey = async (): Promise<void> => idempotency.refuseUsed(request);
  return { once, transact, refuseUsedKey, wasUsed: () => used };
}
