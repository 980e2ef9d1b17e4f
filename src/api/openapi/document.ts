import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { takesBody } from '../http/bodyPresence';
import { NO_BODY, type Endpoint } from '../http/endpoint';
import { parameters } from './parameters';
import { componentSchemas, responseHeaders, responses } from './responses';

const DESCRIPTION = `Reserved seats for concerts: never sold twice, no money lost.

Errors are \`application/problem+json\` (RFC 9457); \`type\` is the address of a page that explains the problem.
Money is an integer in the currency's smallest unit. Times are ISO 8601 in UTC. An unknown field in a body, an unknown
query parameter, and text with NUL or lone surrogates are errors.`;

/** The OpenAPI 3.1 document, as an object ready for JSON, made from the endpoints that the router mounts. */
export function createOpenApiDocument(endpoints: readonly Endpoint[], version: string): unknown {
  const paths: ZodOpenApiPathsObject = {};
  for (const endpoint of endpoints) {
    const method = methodKey(endpoint.method);
    paths[endpoint.path] = { ...paths[endpoint.path], [method]: operation(endpoint) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(endpoints.flatMap(({ tags }) => tags))].map((name) => ({ name })),
    paths,
    components: {
      schemas: componentSchemas,
      headers: responseHeaders,
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'From POST /v1/auth/login',
        },
      },
    },
  });
}

function operation(endpoint: Endpoint): ZodOpenApiOperationObject {
  return {
    operationId: operationId(endpoint),
    summary: endpoint.summary,
    ...(endpoint.description && { description: endpoint.description }),
    tags: [...endpoint.tags],
    ...(endpoint.access !== 'public' && { security: [{ accessToken: [] }] }),
    ...parameters(endpoint),
    ...requestBody(endpoint),
    responses: responses(endpoint),
  };
}

/** A body may be left out if all its fields are optional, or if the endpoint has no fields. */
function requestBody({ method, body = NO_BODY }: Endpoint): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (!takesBody(method)) return {};
  const required = !body.safeParse({}).success;
  return { requestBody: { required, content: { 'application/json': { schema: body } } } };
}

/** `POST /v1/admin/staff` is `postAdminStaff`. */
function operationId({ method, path }: Endpoint): string {
  const words = path.replace('/v1', '').split(/\W+/).filter(Boolean);
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function methodKey(method: Endpoint['method']): 'get' | 'post' | 'put' | 'patch' | 'delete' {
  const keys = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;
  return keys[method];
}
