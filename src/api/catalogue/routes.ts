import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { Problem } from '../../domain/problems';
import type { ApiDependencies } from '../dependencies';
import { endpoint, type Endpoint } from '../http/endpoint';
import { EVENT_STREAM, EVENT_STREAM_HEADERS } from '../http/eventStream';
import { takePage, pageOf } from '../http/paging';
import { createCatalogue } from './catalogue';
import { createHallPlans } from './hallPlans';
import { hallPlanSchema } from './hallPlanSchema';
import { presentConcert, presentConcertSummary, presentSchedule } from './presenter';
import {
  concertListQuery,
  concertParams,
  concertSchema,
  concertSummarySchema,
  scheduleParams,
  scheduleSchema,
  seatEventsQuery,
  seatMapSchema,
} from './schema';
import { answerSeatMap } from './seatMapAnswer';

const tags = ['Catalogue'];

/** Caches may keep a plan: only another version of the service writes the same plan in another way. */
const PLAN_CACHING = 'public, max-age=300';

/** The public, cached part of the API: concerts, their schedules, and the seats of each. */
export function catalogueRoutes({
  db,
  catalogueCache,
  seatMaps,
  liveSeats,
  clock,
}: Pick<ApiDependencies, 'db' | 'catalogueCache' | 'seatMaps' | 'liveSeats' | 'clock'>): Endpoint[] {
  const hallPlans = createHallPlans(db);
  const catalogue = createCatalogue(db, catalogueCache);

  async function findConcert(concertId: string) {
    const concert = await catalogue.find(concertId);
    if (!concert) throw new Problem('concert-not-found', 'There is no such concert.');
    return concert;
  }

  return [
    endpoint({
      method: 'GET',
      path: '/v1/concerts',
      summary: 'List concerts, newest first',
      tags,
      access: 'public',
      query: concertListQuery,
      responses: {
        200: {
          description: 'A page of concerts',
          schema: pageOf(concertSummarySchema),
        },
      },
      async handle({ query: { q, limit, cursor } }) {
        const found = await catalogue.list({ search: q, limit: limit + 1, after: cursor });
        const { page, nextCursor } = takePage(found, limit, (concert) => concert.concertId);
        const now = clock.now();
        return {
          status: 200,
          body: {
            items: page.map((concert) => presentConcertSummary(concert, now)),
            nextCursor,
          },
        };
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/concerts/{concertId}',
      summary: 'Read a concert',
      tags,
      access: 'public',
      params: concertParams,
      problems: ['concert-not-found'],
      responses: { 200: { description: 'The concert', schema: concertSchema } },
      async handle({ params }) {
        return { status: 200, body: presentConcert(await findConcert(params.concertId), clock.now()) };
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/concerts/{concertId}/schedules',
      summary: "List a concert's schedules by time",
      tags,
      access: 'public',
      params: concertParams,
      problems: ['concert-not-found'],
      responses: {
        200: { description: 'All schedules', schema: z.object({ items: z.array(scheduleSchema) }) },
      },
      async handle({ params }) {
        const { schedules } = await findConcert(params.concertId);
        const now = clock.now();
        return { status: 200, body: { items: schedules.map((schedule) => presentSchedule(schedule, now)) } };
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/schedules/{scheduleId}/seats',
      summary: 'Read the seat map of a schedule',
      description:
        'Send the ETag back as `If-None-Match`: the response is 304 while no seat has changed. The map never ' +
        'shows a sold seat as free for more than a second.',
      tags,
      access: 'public',
      rateLimit: 'seat-map',
      params: scheduleParams,
      problems: ['schedule-not-found'],
      responses: {
        200: {
          description: 'Every seat with its price and status',
          schema: seatMapSchema,
          headers: { ETag: 'A strong validator: the version, and the encoding if there is one' },
        },
        304: { description: 'The map that the client has is still current' },
      },
      async handle({ params, http }) {
        const seatMap = await seatMaps.find(params.scheduleId);
        if (!seatMap) throw new Problem('schedule-not-found', 'There is no such schedule.');
        return answerSeatMap(seatMap, http.headers);
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/schedules/{scheduleId}/plan',
      summary: 'Read what is needed to draw the hall of a schedule',
      description:
        'Areas, zones and rows, in the coordinates that the seat map uses for its seats. The drawing never ' +
        'changes: read it once, and then read only the seat map again.',
      tags,
      access: 'public',
      rateLimit: 'seat-map',
      params: scheduleParams,
      problems: ['schedule-not-found'],
      responses: {
        200: {
          description: 'The drawing',
          schema: hallPlanSchema,
          headers: { ETag: 'The version, as a strong validator' },
        },
        304: { description: 'The drawing that the client has is still current' },
      },
      async handle({ params, http }) {
        const plan = await hallPlans.find(params.scheduleId);
        if (!plan) throw new Problem('schedule-not-found', 'There is no such schedule.');
        return answerSeatMap(plan, http.headers, PLAN_CACHING);
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/schedules/{scheduleId}/seats/events',
      summary: 'Follow the seats of a schedule',
      description:
        'Events `seats` of `{version, changes: [{seatId, status}]}` (`SeatsEvent`). Read the map, connect with ' +
        'its version as `since`, and apply the changes of each event to the map, in the order in which they ' +
        'come. Then the client misses nothing. Without `since`, or if the server does not know the version, the ' +
        'first event reports every seat. Browsers send `Last-Event-ID` when they reconnect; it has the same ' +
        'effect as `since`.',
      tags,
      access: 'public',
      params: scheduleParams,
      query: seatEventsQuery,
      problems: ['schedule-not-found'],
      responses: { 200: { description: 'Server-sent events', contentType: EVENT_STREAM } },
      async handle({ params, query, http }) {
        const version = lastEventVersion(http.headers) ?? query.since;
        const body = await liveSeats.open(params.scheduleId, version, { network: http.network });
        if (!body) throw new Problem('schedule-not-found', 'There is no such schedule.');
        return { status: 200, headers: EVENT_STREAM_HEADERS, body };
      },
    }),
  ];
}

/**
 * Reads the version that the client has. An id that is not a version did not come from this service, so its client gets
 * every seat.
 */
function lastEventVersion(headers: IncomingHttpHeaders): number | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && /^[1-9]\d{0,15}$/.test(id) ? Number(id) : undefined;
}
