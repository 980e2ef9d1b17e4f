import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Logger } from '../../../config/logging';
import type { LogSampler } from '../../../config/logSampler';
import { Problem } from '../../../domain/problems';
import type { PaymentGateway } from '../../../domain/payments/gateway';
import { endpoint, type Endpoint } from '../../http/endpoint';
import type { createReceiveEvent } from './receiveEvent';

/** The events of Stripe are the largest: a charge with all its parts, about ten kilobytes. */
const BODY_LIMIT = 64 * 1024;

/** The bytes that the gateway has signed. The service does not parse them before it has checked the signature. */
const bytes = z.instanceof(Buffer).meta({ override: { type: 'object' } });

export interface WebhookRoutesDependencies {
  gateway: PaymentGateway;
  receiveEvent: ReturnType<typeof createReceiveEvent>;
  logger: Logger;
  sampler: LogSampler;
}

/** One path for each gateway that is configured. The path of any other gateway does not exist. */
export function webhookRoutes(dependencies: WebhookRoutesDependencies): Endpoint[] {
  const { gateway, receiveEvent, logger, sampler } = dependencies;
  return [
    endpoint({
      method: 'POST',
      path: `/v1/webhooks/${gateway.name}`,
      summary: 'Take a message of a payment gateway',
      description:
        'The message carries the signature of the gateway. The service takes a message once. It uses only the ' +
        'charge that the message names, and asks the gateway about this charge. It trusts nothing else in the ' +
        'message.',
      tags: ['Payments'],
      access: 'public',
      rateLimit: 'webhook',
      withoutKey: 'The event id of the gateway is the key: the service takes a message once.',
      bodyLimit: BODY_LIMIT,
      bodyAs: 'bytes',
      query: z.object({ token: z.string().optional() }),
      body: bytes,
      responses: {
        200: {
          description: 'Taken now, or taken before',
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
          throw new Problem('webhook-rejected', 'The message is not trusted.', { reason });
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

/** A header that is sent twice counts as missing: no gateway signs like this. */
function singleHeaders(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
