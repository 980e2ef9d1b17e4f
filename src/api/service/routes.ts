import { z } from 'zod';
import { instanceHeaders } from '../../config/instance';
import { Problem } from '../../domain/problems';
import type { KeyRing } from '../accounts/keyRing';
import { endpoint, type Endpoint } from '../http/endpoint';
import { problemPage } from '../problems/page';
import { createReadiness, type HealthDependencies } from './health';

const TAGS = ['Service'];
const HTML = 'text/html; charset=utf-8';

const OK = { status: 'ok' } as const;

/** The response is true only at this moment. */
const NOT_KEPT = { 'Cache-Control': 'no-store' };

const part = z.object({ status: z.literal('ok') });
const readinessSchema = z
  .object({
    status: z.literal('ok'),
    parts: z.object({ postgres: part, redis: part, temporal: part, disk: part }),
  })
  .meta({ id: 'Readiness' });

export interface ServiceRoutesDependencies extends HealthDependencies {
  keys: KeyRing;
  ticketKeys: KeyRing;
}

export function serviceRoutes(dependencies: ServiceRoutesDependencies): Endpoint[] {
  const headers = { ...NOT_KEPT, ...instanceHeaders(dependencies.settings) };
  const readiness = createReadiness(dependencies);
  return [
    endpoint({
      method: 'GET',
      path: '/healthz',
      summary: 'Check whether the process is alive',
      tags: TAGS,
      access: 'public',
      rateLimit: 'none',
      responses: { 200: { description: 'It is alive', schema: part } },
      handle: () => ({ status: 200, headers, body: OK }),
    }),
    endpoint({
      method: 'GET',
      path: '/readyz',
      summary: 'Check whether every part that the service needs responds, and the disk has space',
      description:
        'The 503 has `parts` like the 200. It also has `missing` with the names of the parts that are not ok.',
      tags: TAGS,
      access: 'public',
      rateLimit: 'none',
      responses: { 200: { description: 'All parts are ok', schema: readinessSchema } },
      async handle() {
        const parts = await readiness();
        const missing = Object.entries(parts).flatMap(([name, { status }]) =>
          status === 'ok' ? [] : [name],
        );
        if (missing.length > 0) {
          throw new Problem('temporarily-unavailable', `Not available: ${missing.join(', ')}.`, {
            parts,
            missing,
          });
        }
        return {
          status: 200,
          headers,
          body: { ...OK, parts: { postgres: OK, redis: OK, temporal: OK, disk: OK } },
        };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/.well-known/jwks.json',
      summary: 'Read the public keys that verify access and queue tokens and the codes of tickets',
      tags: TAGS,
      access: 'public',
      responses: {
        200: {
          description: 'A JSON Web Key Set',
          schema: z.object({ keys: z.array(z.looseObject({ kid: z.string().optional() })) }),
        },
      },
      handle: () => ({
        status: 200,
        headers: { 'Cache-Control': 'public, max-age=60' },
        body: { keys: [...dependencies.keys.publicKeys(), ...dependencies.ticketKeys.publicKeys()] },
      }),
    }),
    endpoint({
      method: 'GET',
      path: '/problems/{slug}',
      summary: 'Read what a problem means, and what to do',
      tags: TAGS,
      access: 'public',
      params: z.object({ slug: z.string() }),
      responses: { 200: { description: 'A page', contentType: HTML } },
      problems: ['not-found'],
      handle({ params }) {
        const page = problemPage(params.slug);
        if (page === null) throw new Problem('not-found', 'No problem has this name.');
        return { status: 200, headers: { 'Cache-Control': 'public, max-age=3600' }, body: page };
      },
    }),
  ];
}
