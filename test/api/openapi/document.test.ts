import { z } from 'zod';
import { createRouter } from '../../../src/api/edge/router';
import { PROBLEMS } from '../../../src/api/problems/table';
import { startEdge, type Edge } from '../edge';

const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
});

const fields = z.record(z.string(), z.unknown());

const regexes = z.set(z.instanceof(RegExp)).default(new Set());

let edge: Edge;
let document: z.output<typeof documentSchema>;
beforeAll(async () => {
  edge = await startEdge();
  document = documentSchema.parse((await edge.call('GET', '/openapi.json')).body);
});
afterAll(async () => edge.stop());

const operations = (): string[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

const isRequired = (path: string) =>
  z.looseObject({ required: z.boolean() }).parse(document.paths[path]?.['post']?.['requestBody']).required;

describe('the OpenAPI document', () => {
  it('has version 3.1', () => {
    expect(document.openapi).toBe('3.1.0');
  });

  it('lists exactly the routes that are mounted', () => {
    const router = createRouter(edge.endpoints, edge.dependencies);
    const mounted = router.stack.flatMap((layer) =>
      layer.methods
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${String(layer.path).replaceAll(/:(\w+)/g, '{$1}')}`),
    );
    expect(operations().toSorted()).toEqual(mounted.toSorted());
  });

  it('has the paths that the contract defines for accounts, the queue and the service', () => {
    expect(operations()).toEqual(
      expect.arrayContaining([
        'POST /v1/users',
        'POST /v1/auth/login',
        'POST /v1/auth/refresh',
        'POST /v1/auth/logout',
        'GET /.well-known/jwks.json',
        'POST /v1/queue/tokens',
        'GET /v1/queue/status',
        'GET /v1/queue/events',
        'POST /v1/admin/staff',
        'GET /healthz',
        'GET /readyz',
        'GET /openapi.json',
        'GET /docs',
      ]),
    );
  });

  it('lists every parameter of a path, and no other', () => {
    for (const { path, params } of edge.endpoints) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
      expect({ path, params: Object.keys(params?.shape ?? {}) }).toEqual({ path, params: named });
    }
  });

  it('gives each operation its own name', () => {
    const names = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('refers only to parts that it has', () => {
    const text = JSON.stringify(document);
    const references = new Set(
      [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, reference]) => String(reference)),
    );
    for (const reference of references) {
      let found: unknown = document;
      for (const key of reference.split('/')) found = fields.parse(found)[key];
      expect({ reference, found: found !== undefined }).toEqual({ reference, found: true });
    }
  });

  it('lists each problem under its status', () => {
    for (const { method, path, problems = [] } of edge.endpoints) {
      const operation = document.paths[path]?.[method.toLowerCase()];
      for (const slug of problems) {
        const response = fields.parse(operation?.['responses'])[PROBLEMS[slug].status];
        expect(JSON.stringify(response)).toContain(`\`${slug}\``);
      }
    }
  });

  it('has only patterns that mean the same in JSON Schema, which has no flags', () => {
    const flagged: string[] = [];
    for (const { method, path, params, query, body } of edge.endpoints) {
      for (const schema of [params, query, body]) {
        if (!schema) continue;
        z.toJSONSchema(schema, {
          io: 'input',
          unrepresentable: 'any',
          override({ zodSchema }) {
            // zod keeps the source of its JSON Schema here.
            // oxlint-disable-next-line no-underscore-dangle -- see above
            const { patterns } = zodSchema._zod.bag;
            for (const { source, flags } of regexes.parse(patterns)) {
              if (!['', 'u'].includes(flags)) flagged.push(`${method} ${path} /${source}/${flags}`);
            }
          },
        });
      }
    }
    expect(flagged).toEqual([]);
  });

  it('marks a body as optional if all its fields are optional', () => {
    expect(isRequired('/v1/users')).toBe(true);
    expect(isRequired('/v1/queue/tokens')).toBe(false);
    expect(isRequired('/v1/auth/logout')).toBe(false);
  });

  it('has an ETag, and responds with 304 to a client that has it', async () => {
    const first = await edge.call('GET', '/openapi.json');
    const etag = String(first.headers.get('ETag'));
    expect(etag).toMatch(/^"[\w-]+"$/);
    const second = await edge.call('GET', '/openapi.json', { headers: { 'If-None-Match': etag } });
    expect({ status: second.status, text: second.text }).toEqual({ status: 304, text: '' });
  });
});
