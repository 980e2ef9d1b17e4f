import { Problem } from '../../domain/problems';
import { isNotModified } from '../http/conditional';
import { scheduleParams } from '../catalogue/schema';
import type { ApiDependencies } from '../dependencies';
import { endpoint, type Endpoint } from '../http/endpoint';
import { createDrawDocuments } from './drawDocuments';
import { drawSchema } from './schema';

/** The data that anyone needs to check the draw of an opening. */
export function drawRoutes({ stores: { draws, schedules } }: Pick<ApiDependencies, 'stores'>): Endpoint[] {
  const documents = createDrawDocuments(draws);
  return [
    endpoint({
      method: 'GET',
      path: '/v1/schedules/{scheduleId}/draw',
      summary: 'Read the draw of the opening of a sale',
      description:
        'Before the opening, the response has the hash of the seed. After the opening, it permanently has the ' +
        'seed and every entry in the drawn order. `npm run verify-draw -- <this address>` checks it.',
      tags: ['Queue'],
      access: 'public',
      params: scheduleParams,
      problems: ['schedule-not-found', 'draw-not-found'],
      responses: {
        200: {
          description: 'The commitment, or the draw',
          schema: drawSchema,
          headers: { ETag: 'A strong validator' },
        },
        304: { description: 'The version that the client has is still current' },
      },
      async handle({ params: { scheduleId }, http }) {
        const document = await documents.find(scheduleId);
        if (!document) {
          if (await schedules.facts(scheduleId)) {
            throw new Problem('draw-not-found', 'This sale opens without a draw.');
          }
          throw new Problem('schedule-not-found', 'There is no such schedule.');
        }
        const headers = {
          ETag: document.etag,
          'Cache-Control': document.isFinal ? 'public, max-age=31536000, immutable' : 'public, max-age=1',
        };
        if (isNotModified(http.headers, headers.ETag)) return { status: 304, headers };
        return { status: 200, headers, body: document.body };
      },
    }),
  ];
}
