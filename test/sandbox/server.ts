import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '../../src/config/logging';
import type { ChargeRequest, PaymentGateway } from '../../src/domain/payments/gateway';
import { openBook } from '../../sandbox/book';
import { createSandboxGateway } from '../../src/gateways/sandbox/client';
import { startDelivery } from '../../sandbox/deliver';
import type { Outbox } from '../../sandbox/outbox';
import { bookPageSchema, type Charge } from '../../src/gateways/sandbox/protocol';
import { createSandboxServer } from '../../sandbox/server';

export const SECRET = 'a-secret-of-the-tests-that-is-long-enough';

export const WEBHOOK_SECRET = 'another-secret-of-the-tests-for-webhooks';

export interface RunningSandbox {
  url: string;
  gateway: PaymentGateway;
  outbox: Outbox;
  /** Sends a request unchanged, with the secret. */
  send(path: string, init?: RequestInit): Promise<Response>;
  book(): Promise<Charge[]>;
  stop(): Promise<void>;
}

/**
 * The real server in this process, on a free port, with its own book.
 *
 * @param webhookUrl the receiver of its messages; without it, the server sends none
 */
export async function startSandbox(webhookUrl?: string): Promise<RunningSandbox> {
  const logger = createLogger('test', 'silent');
  const directory = await mkdtemp(path.join(tmpdir(), 'holdfast-sandbox-'));
  const book = openBook(directory, { sendsWebhooks: webhookUrl !== undefined });
  const server = createSandboxServer({ book, secret: SECRET, logger });
  const { outbox } = book;
  const stopDelivery = webhookUrl
    ? startDelivery({ outbox, url: webhookUrl, secret: WEBHOOK_SECRET, logger })
    : undefined;
  const url = await listen(server);
  const gateway = connectGateway(url);
  return {
    url,
    gateway,
    outbox,
    send: (where, init = {}) => send(url, where, init),
    book: () => readBook(url),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await stopDelivery?.();
      await gateway.close();
      await book.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** The client of a sandbox. */
export function connectGateway(url: string, secret = SECRET): PaymentGateway {
  return createSandboxGateway({ url, secret, webhookSecret: WEBHOOK_SECRET });
}

/** Listens on a free port of the loopback and returns the base URL. */
export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  return `http://127.0.0.1:${address.port}`;
}

/** All pages of a sandbox's book. */
export async function readBook(url: string, limit = 200): Promise<Charge[]> {
  const items: Charge[] = [];
  let cursor = '';
  for (;;) {
    // Each page is found with the last key of the previous page.
    const response = await send(url, `/v1/book?limit=${limit}${cursor}`);
    const page = bookPageSchema.parse(await response.json());
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}

/** A charge for a separate order. */
export function aCharge(overrides: Partial<ChargeRequest> = {}): ChargeRequest {
  return {
    gateway: 'sandbox',
    idempotencyKey: randomUUID(),
    orderId: randomUUID(),
    payerId: randomUUID(),
    amount: 2_000,
    currency: 'KRW',
    description: 'two seats',
    requestedAt: Date.now(),
    ...overrides,
  };
}

function send(url: string, where: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has('authorization')) headers.set('authorization', `Bearer ${SECRET}`);
  if (init.body) headers.set('content-type', 'application/json');
  return fetch(url + where, { ...init, headers });
}
