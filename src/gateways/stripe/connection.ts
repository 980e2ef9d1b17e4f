import Stripe from 'stripe';

/**
 * Stripe's official client, so set that each request is sent once and its timeout covers all of it, from
 * connecting to the last byte. With Stripe's client for Node a timeout starts again with every byte, and a
 * request whose connection was closed is sent again even with `maxNetworkRetries: 0`; over `fetch`, neither.
 *
 * @param url such as `https://api.stripe.com`
 */
export function connectStripe(url: string, secretKey: string): Stripe {
  const { protocol, hostname, port } = new URL(url);
  const isPlain = protocol === 'http:';
  return new Stripe(secretKey, {
    apiVersion: '2026-10-28.endive',
    protocol: isPlain ? 'http' : 'https',
    host: hostname,
    port: port || (isPlain ? 80 : 443),
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

/** One time limit for all requests of a call: answers what is left of it, in milliseconds, at least 1. */
export function timeLimit(milliseconds: number): () => number {
  const endsAt = performance.now() + milliseconds;
  return () => Math.max(1, Math.round(endsAt - performance.now()));
}
