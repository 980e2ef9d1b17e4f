import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { z } from 'zod';
import type { Endpoint } from '../../../src/api/http/endpoint';
import { createOpenApiCheck, type OpenApiCheck } from '../../e2e/openApi';
import { listWith } from '../../support/matchers';
import { logInOperator, parse, startEdge, type Edge } from '../edge';

let edge: Edge;
let token: string;
let openApi: OpenApiCheck;
beforeAll(async () => {
  edge = await startEdge();
  token = await logInOperator(edge);
  openApi = createOpenApiCheck((await edge.call('GET', '/openapi.json')).body);
});
afterAll(async () => edge.stop());

/** A gateway chooses and signs what it sends to these routes. The tests of the gateways cover them. */
const ofGateways = ({ path }: Endpoint): boolean => path.startsWith('/v1/webhooks/');

interface Sent {
  query?: string;
  body?: string;
  type?: string;
  params?: string;
}

interface Answer {
  status: number;
  slug: string;
  /** The paths of the issues. */
  paths: string[];
}

const issues = z.array(z.object({ path: z.string(), message: z.string() })).catch([]);

/** Sends any method with any body, which `fetch` does not do. Checks the response against the OpenAPI document. */
async function send(
  { method, path }: { method: string; path: string },
  { query = '', body, type = 'application/json', params = randomUUID() }: Sent,
): Promise<Answer> {
  const target = path.replaceAll(/\{\w+\}/g, params);
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }),
    };
    const request = httpRequest(`${edge.url}${target}${query}`, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const answered = response.headers['content-type'] ?? '';
        const problem = answered.endsWith('problem+json') && text !== '' ? parse(text) : {};
        openApi.check({
          method,
          path: target,
          status,
          headers: new Headers({ 'Content-Type': answered, 'Cache-Control': 'no-store' }),
          body: problem,
          text,
          bytes: Buffer.from(text),
        });
        resolve({
          status,
          slug: String(problem['type']).replace('/problems/', ''),
          paths: issues.parse(problem['errors']).map((issue) => issue.path),
        });
      });
    });
    request.on('error', reject).end(body);
  });
}

const everyRoute = (): Endpoint[] => edge.endpoints.filter((route) => !ofGateways(route));
const withBody = ({ method }: Endpoint): boolean => method !== 'GET' && method !== 'DELETE';
const routesWithBody = (): Endpoint[] => everyRoute().filter(withBody);
const routesWithoutBody = (): Endpoint[] => everyRoute().filter((route) => !withBody(route));
const nameOf = ({ method, path }: Endpoint): string => `${method} ${path}`;

/** Sends the same request to each route. The failure lists the routes that respond otherwise. */
async function expectOfEach(
  routes: readonly Endpoint[],
  sent: (route: Endpoint) => Sent,
  answer: object,
): Promise<void> {
  expect(routes.length).toBeGreaterThan(3);
  const answers: [string, Answer][] = [];
  for (const route of routes) answers.push([nameOf(route), await send(route, sent(route))]);
  expect(answers).toEqual(routes.map((route) => [nameOf(route), answer]));
}

/** The response to a request with issues at these paths, and maybe at others. */
const invalid = (...paths: string[]) => ({
  status: 400,
  slug: 'validation-failed',
  paths: listWith(paths),
});

describe('every route', () => {
  it('rejects a query parameter that it does not declare', async () => {
    await expectOfEach(everyRoute(), () => ({ query: '?surprise=1' }), invalid('surprise'));
  });

  it.each([
    ['NUL', '%00'],
    ['half of a surrogate pair', '%ED%A0%80'],
    ['bytes that are not UTF-8', '%ff'],
  ])('rejects a query with %s', async (_case, value) => {
    await expectOfEach(everyRoute(), () => ({ query: `?surprise=${value}` }), invalid('surprise'));
  });

  it.each([
    ['NUL', '%00'],
    ['half of a surrogate pair', '%ED%A0%80'],
  ])('rejects %s in each query parameter that it declares', async (_case, value) => {
    for (const route of everyRoute()) {
      for (const name of Object.keys(route.query?.shape ?? {})) {
        expect([nameOf(route), await send(route, { query: `?${name}=a${value}b` })]).toEqual([
          nameOf(route),
          invalid(name),
        ]);
      }
    }
  });

  it('rejects NUL in each parameter of its path', async () => {
    for (const route of everyRoute().filter(({ params }) => params)) {
      expect([nameOf(route), await send(route, { params: 'a%00b' })]).toEqual([
        nameOf(route),
        invalid(...Object.keys(route.params?.shape ?? {})),
      ]);
    }
  });

  it('rejects a body of another media type', async () => {
    const answer = { status: 415, slug: 'unsupported-media-type', paths: [] };
    await expectOfEach(everyRoute(), () => ({ body: 'x=1', type: 'text/plain' }), answer);
  });

  it('rejects a body in another encoding', async () => {
    const answer = { status: 415, slug: 'unsupported-media-type', paths: [] };
    await expectOfEach(
      everyRoute(),
      () => ({ body: '{}', type: 'application/json; charset=euc-kr' }),
      answer,
    );
  });
});

describe('every route whose method has a body', () => {
  it('rejects malformed JSON', async () => {
    const answer = { status: 400, slug: 'malformed-json', paths: [] };
    await expectOfEach(routesWithBody(), () => ({ body: '{"seatIds":["' }), answer);
  });

  it('rejects a field that it does not declare', async () => {
    await expectOfEach(routesWithBody(), () => ({ body: '{"surprise":1}' }), invalid('surprise'));
  });

  it('rejects a list instead of an object', async () => {
    await expectOfEach(routesWithBody(), () => ({ body: '[]' }), invalid(''));
  });

  it.each([
    ['NUL', String.raw`A\u0000B`],
    ['half of a surrogate pair', String.raw`A\ud83cB`],
  ])('rejects %s in any text and in any field name, and reports its path', async (_case, text) => {
    const taken = routesWithBody().filter(({ anyText }) => anyText === undefined);
    const body = `{"list":["fine",{"deep":"${text}"}],"${text}":1}`;

    await expectOfEach(taken, () => ({ body }), invalid('list.1.deep', 'A\u{FFFD}B'));
  });

  it('rejects a value that is nested too deeply to be serialized', async () => {
    const body = `{"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const taken = routesWithBody().filter(({ anyText }) => anyText === undefined);
    await expectOfEach(taken, () => ({ body }), invalid());
  });
});

describe('every route whose method has no body', () => {
  it.each(['{"surprise":1}', '{}', '{"seatIds":["'])('rejects the body %s', async (body) => {
    await expectOfEach(routesWithoutBody(), () => ({ body }), invalid(''));
  });

  it('rejects a body in a HEAD request', async () => {
    for (const { method, path } of routesWithoutBody()) {
      if (method !== 'GET') continue;
      expect([path, await send({ method: 'HEAD', path }, { body: '{}' })]).toEqual([
        path,
        { status: 400, slug: 'undefined', paths: [] },
      ]);
    }
  });
});
