import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Logger } from '../../config/logging';
import { Problem } from '../../domain/problems';
import type { PaymentGateway } from '../../gateways/gateway';
import { endpoint, type Endpoint } from '../http/endpoint';
import type { createReceiveEvent } from './receiveEvent';

/** Gateways send a charge with all its parts: Stripe's events are the largest, some tens of kilobytes. */
const BODY_LIMIT = 1024 * 1024;

export interface WebhookRoutesDependencies {
  gateway: PaymentGateway;
  receiveEvent: ReturnType<typeof createReceiveEvent>;
  logger: Logger;
}

export function webhookRoutes({ gateway, receiveEvent, logger }: WebhookRoutesDependencies): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/webhooks/{gateway}',
      summary: "Take a payment gateway's message",
      description:
        'For the gateway that is configured, signed as it signs. A message is taken once; it says which charge to ' +
        'ask the gateway about, and nothing else in it is believed.',
      tags: ['Payments'],
      access: 'public',
      withoutKey: "The gateway's own id of the event is the key: a message is taken once.",
      bodyLimit: BODY_LIMIT,
      params: z.object({ gateway: z.string() }),
      query: z.object({ token: z.string().optional() }),
      body: z.looseObject({}),
      responses: {
        200: {
          description: 'Taken, also where it was taken before',
          schema: z.object({ received: z.literal(true) }),
        },
      },
      problems: ['not-found', 'webhook-rejected', 'temporarily-unavailable'],
      async handle({ params, query, http }) {
        if (params.gateway !== gateway.name)
          throw new Problem('not-found', 'No such gateway takes payments here.');
        const reading = gateway.readWebhook({
          body: http.rawBody,
          headers: singleHeaders(http.headers),
          token: query.token,
          receivedAt: Date.now(),
        });
        if (reading.kind === 'rejected') {
          logger.warn({ gateway: gateway.name, reason: reading.reason }, 'webhook rejected');
          throw new Problem('webhook-rejected', 'The message is not believed.', { reason: reading.reason });
        }
        if (reading.kind === 'event') {
          const effect = await receiveEvent(gateway.name, reading);
          const { eventId, type } = reading;
          const level = effect === 'NONE' || effect === 'SEEN' ? 'debug' : 'info';
          logger[level]({ gateway: gateway.name, eventId, type, effect }, 'webhook taken');
        }
        return { status: 200, body: { received: true as const } };
      },
    }),
  ];
}

/** A header that is sent twice is none: nobody signs so. */
function singleHeaders(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
