import { z } from 'zod';
import type { ProblemSlug } from '../../src/domain/problems';
import { reasonOf } from '../../src/launcher/failure';
import type { Call, Exchange } from './exchange';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

/** The expected response. */
export interface Expected<Body extends z.ZodType> {
  status: number;
  body: Body;
  /** The part of the body to show; the whole body if left out. */
  show?: (body: z.output<Body>) => unknown;
}

/** The service of the story. A response that differs from the expected one ends the story. */
export interface Service {
  readonly url: string;
  /** Sends a request without any output. */
  send(call: Call): Promise<Exchange>;
  /** Sends a request, shows the request and the response, and returns the body. */
  ask<Body extends z.ZodType>(call: Call, expected: Expected<Body>): Promise<z.output<Body>>;
  /** Sends a request that the API must reject with this problem, and shows both. */
  refuse(call: Call, status: number, problem: ProblemSlug): Promise<void>;
}

/** Longer than the service itself waits for a payment. */
const TIMEOUT_MS = 30_000;

const problemSchema = z.looseObject({ type: z.string(), title: z.string(), status: z.int() });

export function createService(url: string, teller: Teller): Service {
  const send = async (call: Call): Promise<Exchange> => sendTo(url, call);
  return {
    url,
    send,
    async ask(call, expected) {
      const exchange = await send(call);
      const { success, data } = expected.body.safeParse(exchange.body);
      const shown = success && expected.show ? expected.show(data) : exchange.body;
      teller.exchange(exchange, shown);
      expectStatus(exchange, expected.status);
      if (!success) throw new StoryFailure(`${named(call)} returned a body that the demo does not expect`);
      return data;
    },
    async refuse(call, status, problem) {
      const exchange = await send(call);
      teller.exchange(exchange);
      expectProblem(exchange, status, problem);
    },
  };
}

/** @throws {StoryFailure} if the status differs */
export function expectStatus({ call, status }: Exchange, expected: number): void {
  if (status !== expected) throw new StoryFailure(`${named(call)} returned ${status} instead of ${expected}`);
}

/** @throws {StoryFailure} if the status or the problem differs */
export function expectProblem(exchange: Exchange, status: number, problem: ProblemSlug): void {
  expectStatus(exchange, status);
  const type = problemSchema.safeParse(exchange.body).data?.type;
  if (type === `/problems/${problem}`) return;
  throw new StoryFailure(`${named(exchange.call)} returned the problem ${type} instead of ${problem}`);
}

async function sendTo(url: string, call: Call): Promise<Exchange> {
  const { method, path, by, body, headers } = call;
  const startedAt = Date.now();
  try {
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...headers,
        ...(by ? { authorization: `Bearer ${by.accessToken}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return {
      call,
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
      milliseconds: Date.now() - startedAt,
    };
  } catch (error) {
    throw new StoryFailure(`${named(call)} got no response from ${url}: ${reasonOf(causeOf(error))}`);
  }
}

/** `fetch failed` does not say why; its cause does. */
const causeOf = (error: unknown): unknown => (error instanceof Error && error.cause ? error.cause : error);

const named = ({ method, path }: Call): string => `${method} ${path}`;
