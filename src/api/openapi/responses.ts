import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import type { ProblemSlug } from '../../domain/problems';
import { takesBody } from '../http/bodyPresence';
import { newVenueSchema } from '../catalogue/venues/schema';
import type { Endpoint, ResponseSpec } from '../http/endpoint';
import { PROBLEM_MEDIA_TYPE } from '../problems/document';
import { PROBLEMS } from '../problems/table';

/** The form of RFC 9457, with the additional members of each problem. */
const problemSchema = z
  .looseObject({
    type: z.string().describe('/problems/<slug>, a page that explains the problem'),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string().describe('The path of the request'),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('validation-failed: every fault'),
  })
  .meta({ id: 'Problem' });

export const componentSchemas = { Problem: problemSchema, NewVenue: newVenueSchema };

const header = (description: string, type: 'string' | 'integer') => ({ description, schema: { type } });

/** Headers that more than one endpoint sends. */
export const responseHeaders = {
  'X-Request-Id': header('The id that the request carried if it was safe, else a new one', 'string'),
  'Retry-After': header('Seconds', 'integer'),
  RateLimit: header('What is left of the limit: draft-ietf-httpapi-ratelimit-headers', 'string'),
  'RateLimit-Policy': header('The limits: draft-ietf-httpapi-ratelimit-headers', 'string'),
};

const shared = (name: keyof typeof responseHeaders) => ({ [name]: { $ref: `#/components/headers/${name}` } });

/** All responses of the endpoint: those that it declares, and one for each status of a problem. */
export function responses(endpoint: Endpoint): ZodOpenApiOperationObject['responses'] {
  const result: Record<string, ZodOpenApiResponseObject> = {};
  for (const [status, spec] of Object.entries(endpoint.responses)) result[status] = success(endpoint, spec);
  for (const [status, slugs] of problemsByStatus(endpoint)) result[status] = failure(status, slugs);
  return result;
}

function success(endpoint: Endpoint, spec: ResponseSpec): ZodOpenApiResponseObject {
  const own = Object.entries(spec.headers ?? {}).map(
    ([name, description]) => [name, header(description, 'string')] as const,
  );
  const mediaType = spec.contentType ?? (spec.schema && 'application/json');
  return {
    description: spec.description,
    headers: {
      ...shared('X-Request-Id'),
      ...(endpoint.rateLimit !== 'none' && { ...shared('RateLimit'), ...shared('RateLimit-Policy') }),
      ...Object.fromEntries(own),
    },
    ...(mediaType && { content: { [mediaType]: { schema: spec.schema ?? { type: 'string' } } } }),
  };
}

function failure(status: string, slugs: readonly ProblemSlug[]): ZodOpenApiResponseObject {
  return {
    description: slugs.map((slug) => `\`${slug}\`: ${PROBLEMS[slug].title}`).join('; '),
    headers: {
      ...shared('X-Request-Id'),
      ...((status === '429' || status === '503') && shared('Retry-After')),
    },
    content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
  };
}

function problemsByStatus(endpoint: Endpoint): Map<string, ProblemSlug[]> {
  const bySlug = new Map<string, ProblemSlug[]>();
  for (const slug of new Set([...(endpoint.problems ?? []), ...commonProblems(endpoint)])) {
    const status = String(PROBLEMS[slug].status);
    bySlug.set(status, [...(bySlug.get(status) ?? []), slug]);
  }
  return bySlug;
}

/** The problems that the edge may return instead of the endpoint. */
function commonProblems(endpoint: Endpoint): ProblemSlug[] {
  const readsBody = takesBody(endpoint.method);
  const found: (ProblemSlug | false | undefined)[] = [
    // Also if the endpoint declares nothing: an unknown parameter, or a body that it does not take.
    'validation-failed',
    'malformed-request',
    readsBody && 'malformed-json',
    'request-timeout',
    readsBody && 'body-too-large',
    'unsupported-media-type',
    'headers-too-large',
    endpoint.effect && 'idempotency-key-reused',
    endpoint.access !== 'public' && 'unauthenticated',
    (endpoint.access === 'staff' || endpoint.access === 'operator') && 'forbidden',
    endpoint.rateLimit !== 'none' && 'rate-limited',
    'internal-error',
    'temporarily-unavailable',
  ];
  return found.filter((slug) => slug !== false && slug !== undefined);
}
