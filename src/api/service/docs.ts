import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getAbsoluteFSPath } from 'swagger-ui-dist';
import { z } from 'zod';
import { Problem } from '../../domain/problems';
import { isNotModified } from '../http/conditional';
import { endpoint, type Endpoint } from '../http/endpoint';
import { createOpenApiDocument } from '../openapi/document';

const TAGS = ['Service'];
const HTML = 'text/html; charset=utf-8';

/**
 * The files of Swagger UI, as the package ships them. The script has 1.5 MB. All clients share the same bytes, also
 * those that read them slowly.
 */
const assets = new Map(
  Object.entries({
    'swagger-ui.css': 'text/css; charset=utf-8',
    'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  }).map(([name, type]) => [
    name,
    { type, bytes: lazily(() => readFileSync(path.join(getAbsoluteFSPath(), name))) },
  ]),
);
/** Starts Swagger UI. */
const START_SCRIPT = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });\n`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Holdfast API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** Everything comes from this server. Inline styles are allowed, because Swagger UI writes them. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cache-Control': 'public, max-age=3600',
};

/** The API document and its page. @param others every other endpoint; the document also names these */
export function docsRoutes(others: readonly Endpoint[], version: string): Endpoint[] {
  const document = lazily(() => {
    const bytes = Buffer.from(JSON.stringify(createOpenApiDocument([...others, ...routes], version)));
    return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
  });
  const routes: Endpoint[] = [
    endpoint({
      method: 'GET',
      path: '/openapi.json',
      summary: 'This document',
      tags: TAGS,
      access: 'public',
      responses: {
        200: {
          description: 'OpenAPI 3.1',
          schema: z.looseObject({ openapi: z.string() }),
          headers: { ETag: 'Its version' },
        },
        304: { description: 'Unchanged since `If-None-Match`', headers: { ETag: 'Its version' } },
      },
      handle({ http }) {
        const { bytes, etag } = document();
        const headers = { ETag: etag, 'Cache-Control': 'public, no-cache' };
        if (isNotModified(http.headers, etag)) return { status: 304, headers };
        return { status: 200, headers, body: bytes };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/docs',
      summary: 'This document as a page',
      tags: TAGS,
      access: 'public',
      responses: { 200: { description: 'A page', contentType: HTML } },
      handle: () => ({ status: 200, headers: PAGE_HEADERS, body: PAGE }),
    }),
    endpoint({
      method: 'GET',
      path: '/docs/{asset}',
      summary: "The page's scripts and styles",
      tags: TAGS,
      access: 'public',
      params: z.object({ asset: z.string() }),
      responses: { 200: { description: 'A file', contentType: 'text/javascript; charset=utf-8' } },
      problems: ['not-found'],
      handle: ({ params }) => ({ status: 200, ...readAsset(params.asset) }),
    }),
  ];
  return routes;
}

function readAsset(name: string): { headers: Record<string, string>; body: Buffer | string } {
  const cache = { 'Cache-Control': 'public, max-age=3600' };
  if (name === 'start.js') return { headers: cache, body: START_SCRIPT };
  const asset = assets.get(name);
  if (!asset) throw new Problem('not-found', 'There is no such file.');
  return { headers: { ...cache, 'Content-Type': asset.type }, body: asset.bytes() };
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
