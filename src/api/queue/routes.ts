import { z } from 'zod';
import { endpoint, type Endpoint } from '../http/endpoint';
import { EVENT_STREAM, EVENT_STREAM_HEADERS, type EventStreams } from '../http/eventStream';
import type { AdmissionService } from './admission';
import { queueEvents } from './events';
import { queueSchema, queueTokenSchema } from './schema';

const PLACE_PROBLEMS = ['invalid-queue-token', 'queue-token-mismatch', 'queue-token-expired'] as const;

export interface QueueRoutesDependencies {
  admission: AdmissionService;
  eventStreams: EventStreams;
}

export function queueRoutes({ admission, eventStreams }: QueueRoutesDependencies): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/queue/tokens',
      summary: 'Enter a waiting room',
      description:
        'Enters the room of the service, or the own room of the schedule that the body names. One account has ' +
        'one place in a room: a second request returns the same place. If that place has ended, the account gets ' +
        'a new one at the end of the line.',
      tags: ['Queue'],
      access: 'user',
      effect: 'once',
      body: z.strictObject({ scheduleId: z.uuid().optional() }),
      responses: { 201: { description: 'The token of the place', schema: queueTokenSchema } },
      problems: ['schedule-not-found'],
      async handle({ user: { userId }, body, once }) {
        return once(async () => ({
          status: 201 as const,
          body: await admission.enter(userId, body.scheduleId),
        }));
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/queue/status',
      summary: 'Read the state of a place',
      tags: ['Queue'],
      access: 'user',
      rateLimit: 'queue-poll',
      queueToken: true,
      responses: { 200: { description: 'The place', schema: z.object({ queue: queueSchema }) } },
      problems: PLACE_PROBLEMS,
      async handle({ user, queueToken }) {
        const queue = await admission.status({ token: queueToken, userId: user.userId });
        return { status: 200, body: { queue } };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/queue/events',
      summary: 'Follow a place',
      description:
        'Events: `position` at once and at each change, `sold-out` when every seat is sold, and `admitted` or ' +
        '`expired`, which is the last.',
      tags: ['Queue'],
      access: 'user',
      queueToken: true,
      responses: { 200: { description: 'Server-sent events', contentType: EVENT_STREAM } },
      problems: PLACE_PROBLEMS,
      async handle({ user, queueToken, http }) {
        const holder = { token: queueToken, userId: user.userId };
        const first = await admission.status(holder);
        const events = queueEvents(admission, holder, first, http.closed);
        return {
          status: 200,
          headers: EVENT_STREAM_HEADERS,
          body: eventStreams.open(events, http.closed, { network: http.network, userId: user.userId }),
        };
      },
    }),
  ];
}
