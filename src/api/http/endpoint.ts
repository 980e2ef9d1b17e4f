import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { ProblemSlug } from '../../domain/problems';
import type { Role } from '../../domain/accounts/roles';
import type { RateLimitName } from '../../domain/rateLimits';
import type { BodySecret } from '../idempotency/fingerprint';
import type { Idempotency } from '../idempotency/idempotency';
import { effectsOf, type EffectKind, type EffectsOf } from './effects';
import { readHeaders, type RequestHeaders, type TakenHeaders } from './requestHeaders';
import { findUnstorable } from './unstorable';
import { createValidation } from './validation';

/** Who may call: any client, any logged-in user, or a role. OPERATOR includes STAFF. */
export type Access = 'public' | 'user' | 'staff' | 'operator';

/** The caller, as the access token names it. `sessionId` is the refresh family of the login. */
export interface Caller {
  userId: string;
  role: Role;
  sessionId: string;
}

/** The response for one status. `schema` describes JSON. Without it, `contentType` names the type of the body. */
export interface ResponseSpec {
  description: string;
  schema?: z.ZodType;
  /** `application/json` when left out and `schema` is given. */
  contentType?: string;
  /** Header names with their descriptions. */
  headers?: Readonly<Record<string, string>>;
}

/** A body that is sent as it is: text, bytes (also JSON that is serialised already), or a stream. */
export type RawBody = string | Buffer | Readable;

interface AnswerHead {
  status: number;
  headers?: Readonly<Record<string, string>>;
}

/** The response of a handler, before the declared responses narrow its type. */
export interface Answer extends AnswerHead {
  body?: unknown;
}

/** The responses that an endpoint declares. The compiler checks its handler against them. */
export type AnswerOf<R extends Record<number, ResponseSpec>> = AnswerHead &
  {
    [Status in keyof R]: {
      status: Status;
    } & (R[Status] extends { schema: infer Schema extends z.ZodType }
      ? { body: z.input<Schema> | Buffer }
      : R[Status] extends { contentType: string }
        ? { body: RawBody }
        : { body?: undefined });
  }[keyof R];

/** Path parameters or a query if none are declared. */
type NoFields = z.ZodObject<Record<string, z.ZodNever>>;

/** What handlers see of the HTTP request itself. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** The client's IPv4 address, or the /64 of its IPv6 address. */
  readonly network: string;
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the client is gone or the response is complete. It ends event streams. */
  readonly closed: AbortSignal;
}

/** A validated request, as the handler gets it. */
export type EndpointRequest<
  A extends Access,
  E extends EffectKind | undefined,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
> = Pick<RequestHeaders, 'queueToken'> & {
  params: z.output<Params>;
  query: z.output<Query>;
  body: z.output<Body>;
  user: A extends 'public' ? undefined : Caller;
  http: HttpRequest;
  /** Whether the client sent an `Idempotency-Key`. */
  hasKey: boolean;
} & EffectsOf<E>;

/** Everything about an endpoint except its types. The OpenAPI document is made from this. */
export interface EndpointDescription extends TakenHeaders {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As OpenAPI writes it: `/v1/reservations/{reservationId}`. */
  path: string;
  /** One line. */
  summary: string;
  /** Longer text, Markdown. */
  description?: string;
  tags: readonly string[];
  access: Access;
  /** The problems that only this endpoint has. The document adds those that any endpoint can have. */
  problems?: readonly ProblemSlug[];
  /** A policy instead of the general one; `none` for endpoints that machines poll. */
  rateLimit?: RateLimitName | 'none';
  /** Largest body in bytes, 64 KiB when left out. */
  bodyLimit?: number;
  /**
   * `bytes`: the body is a Buffer as it came, neither decompressed nor parsed. The handler reads it in its own way.
   * JSON when left out.
   */
  bodyAs?: 'json' | 'bytes';
  /** The kind of secret in the body. The response of a key is then recorded encrypted. */
  secret?: BodySecret;
  /** The reason why a POST without a key has no second effect. */
  withoutKey?: string;
  /** The reason why the body may contain text that Postgres cannot store. The handler copes with such text. */
  anyText?: string;
}

export interface EndpointDefinition<
  A extends Access,
  E extends EffectKind | undefined,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  R extends Record<number, ResponseSpec>,
> extends EndpointDescription {
  access: A;
  effect?: E;
  /** An object whose keys are the names in `path`. */
  params?: Params;
  /** An unknown parameter is an error. */
  query?: Query;
  /**
   * Use `z.strictObject`: an unknown field is an error, so that a misspelt `points` never pays by default. When left
   * out, the endpoint takes no body, or `{}` if its method has bodies.
   */
  body?: Body;
  responses: R;
  handle: (
    request: EndpointRequest<A, E, Params, Query, Body>,
  ) => AnswerOf<NoInfer<R>> | Promise<AnswerOf<NoInfer<R>>>;
}

/** An endpoint, ready to be mounted and documented. */
export interface Endpoint extends EndpointDescription {
  readonly params: z.ZodObject | undefined;
  readonly query: z.ZodObject | undefined;
  readonly body: z.ZodType | undefined;
  readonly responses: Readonly<Record<number, ResponseSpec>>;

  /**
   * Validates and handles a request whose caller has been authenticated as `access` demands.
   *
   * @throws {Problem} validation-failed with every issue; idempotency-key-reused if the body has faults and its key was
   *   used before, with a body that had none; or what the handler throws
   */
  handle(input: RequestInput): Promise<Answer>;
}

/** A request as it came, with its caller. */
export interface RequestInput {
  http: HttpRequest;
  user: Caller | undefined;
  /** The decoded parameters of the path. */
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, unknown>>;
  body: unknown;
  idempotency: Idempotency;
}

/**
 * Method and path with the ids in it, in one form, also if the client wrote a slash at the end of the path or encoded
 * it.
 *
 * @param params the decoded parameters of the path
 */
function routeOf(
  { method, path }: Pick<EndpointDescription, 'method' | 'path'>,
  params: Readonly<Record<string, string>>,
): string {
  return `${method} ${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')}`;
}

/** The body of an endpoint that declares none. Many clients send `{}` with every POST. */
export const NO_BODY = z.strictObject({});

/**
 * Defines an endpoint once. The router, the validation and the OpenAPI document are all derived from it. The types of
 * the request and of the responses follow from its schemas.
 */
export function endpoint<
  A extends Access,
  R extends Record<number, ResponseSpec>,
  Params extends z.ZodObject = NoFields,
  Query extends z.ZodObject = NoFields,
  Body extends z.ZodType = z.ZodUndefined,
  E extends EffectKind | undefined = undefined,
>(definition: EndpointDefinition<A, E, Params, Query, Body, R>): Endpoint {
  const { params, query, body, handle, ...description } = definition;
  const parameters = new Set(Object.keys(query?.shape ?? {}));
  const declared = (
    { user, params: inPath, idempotency }: RequestInput,
    key: string | undefined,
    sent: unknown,
  ) => {
    const { effect, secret } = description;
    if (!effect) return null;
    const route = routeOf(description, inPath);
    return effectsOf(idempotency, {
      userId: user?.userId,
      route,
      key,
      body: sent,
      ...(secret && { secret }),
    });
  };
  return {
    ...description,
    params,
    query,
    body,
    async handle(input) {
      const validation = createValidation();
      const ofBody = createValidation();
      const headers = readHeaders(description, input.http.headers, input.body, validation);
      validation.add(...findUnstorable(input.params), ...findUnstorable(input.query));
      // Bytes are not text yet.
      const isText = !description.anyText && !Buffer.isBuffer(input.body);
      if (isText) ofBody.add(...findUnstorable(input.body));
      for (const path of Object.keys(input.query)) {
        if (!parameters.has(path)) validation.add({ path, message: 'Unknown parameter' });
      }
      if (!body) ofBody.parse(NO_BODY, input.body);
      const { idempotencyKey: key, queueToken } = headers;
      const validBody = ofBody.parse(body, input.body);
      const effects = declared(input, key, validBody);
      const request = {
        queueToken,
        hasKey: key !== undefined,
        params: validation.parse(params, input.params),
        query: validation.parse(query, input.query),
        body: validBody,
        user: input.user,
        http: input.http,
        ...effects,
      };
      // A body with faults differs from the body that the key was first sent with, because that one had no faults.
      if (ofBody.issues.length > 0) await effects?.refuseUsedKey();
      validation.add(...ofBody.issues);
      validation.throwIfFailed();
      // The router has rejected every caller that `access` does not allow. So there is a caller, unless the endpoint is
      // public. The effects are those of `effect`.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
      const answer = await handle(request as EndpointRequest<A, E, Params, Query, Body>);
      if (effects && !effects.wasUsed()) {
        throw new Error(`${description.method} ${description.path} did not run its effect under its key`);
      }
      return answer;
    },
  };
}
