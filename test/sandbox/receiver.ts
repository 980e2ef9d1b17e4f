import { createServer } from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { WebhookReading } from '../../src/domain/payments/gateway';
import { readWebhook } from '../../src/gateways/sandbox/webhook';
import { eventually } from '../support/eventually';
import { WEBHOOK_SECRET, listen } from './server';

export interface Receiver {
  url: string;
  /** Every message that arrived, in order, as a shop reads it. */
  readonly received: readonly WebhookReading[];
  /** The responses to the next messages; after them 200. Null: the connection is cut. */
  answers: (number | null)[];
  /** The types of the messages about a charge, once there are `count` of them. */
  untilHeard(idempotencyKey: string, count: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** A shop that receives the messages of the sandbox. */
export async function startReceiver(): Promise<Receiver> {
  const received: WebhookReading[] = [];
  const answers: (number | null)[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const headers = { 'sandbox-signature': String(request.headers['sandbox-signature']) };
      received.push(readWebhook({ body, headers, token: undefined, receivedAt: Date.now() }, WEBHOOK_SECRET));
      const status = answers.length > 0 ? answers.shift() : 200;
      if (status === null || status === undefined) return request.socket.destroy();
      return response.writeHead(status).end();
    });
  });
  const heardOf = (idempotencyKey: string): string[] =>
    received.flatMap((reading) =>
      reading.kind === 'event' && reading.idempotencyKey === idempotencyKey ? [reading.type] : [],
    );
  return {
    url: await listen(server),
    received,
    answers,
    untilHeard: (idempotencyKey, count) =>
      eventually(async () => {
        const heard = heardOf(idempotencyKey);
        if (heard.length < count) throw new Error(`heard ${heard.join(', ')}`);
        return heard;
      }, 15_000),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
