import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Logger } from '../../../config/logging';
import type { LogSampler } from '../../../config/logSampler';
import { Problem } from '../../../domain/problems';
import type { PaymentGateway } from '../../../domain/payments/gateway';
import { endpoint, type Endpoint } from '../../http/endpoint';
import type { createReceiveEvent } from './receiveEvent';

/** Stripe's events are the largest: a charge with all its parts, some ten kilobytes. */
const BODY_LIMIT = 64 * 1024;

/** The bytes that the gateway has signed. Nothing reads them before that is known. */
const bytes = z.instanceof(Buffer).meta({ override: { type: 'object' } });

export interface WebhookRoutesDependencies {
  gateway: PaymentGateway;
  receiveEvent: ReturnType<typeof createReceiveEvent>;
  logger: Logger;
  sampler: LogSampler;
}

/** One path for each gateway that is configured: to a message of any other there is nothing at its path. */
export function webhookRoutes(dependencies: WebhookRoutesDependencies): Endpoint[] {
  const { gateway, receiveEvent, logger, sampler } = dependencies;
  return [
    endpoint({
      method: 'POST',
      path: `/v1/webhooks/${gateway.name}`,
      summary: "Take a payment gateway's message",
      description:
        'Signed as the gateway signs. A message is taken once; it says which charge to ask the gateway about, and ' +
        'nothing else in it is believed.',
      tags: ['Payments'],
      access: 'public',
      rateLimit: 'webhook',
      withoutKey: "The gateway's own id of the event is the key: a message is taken once.",
      bodyLimit: BODY_LIMIT,
      bodyAs: 'bytes',
      query: z.object({ token: z.string().optional() }),
      body: bytes,
      responses: {
        200: {
          description: 'Taken, also where it was taken before',
          schema: z.object({ received: z.literal(true) }),
        },
      },
      problems: ['webhook-rejected', 'temporarily-unavailable'],
      async handle({ query, body, http }) {
        const reading = gateway.readWebhook({
          body,
          headers: singleHeaders(http.headers),
          token: query.token,
          receivedAt: Date.now(),
        });
        if (reading.kind === 'rejected') {
          const { reason } = reading;
          if (sampler.admits(`webhook ${reason}`)) {
            logger.warn({ gateway: gateway.name, reason }, 'webhook rejected');
          }
          throw new Problem('webhook-rejected', 'The message is not believed.', { reason });
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
