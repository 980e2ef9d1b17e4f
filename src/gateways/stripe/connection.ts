import Stripe from 'stripe';

/**
 * Stripe's official client. With these options it sends each request once, and its timeout covers the whole request,
 * from connecting to the last byte. With Stripe's HTTP client for Node, a timeout starts again with every byte. That
 * client also sends a request again after its connection was closed, even with `maxNetworkRetries: 0`. Over `fetch`,
 * neither happens.
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

/** One time limit for all requests of a call. The function returns the milliseconds that are left, at least 1. */
export function timeLimit(milliseconds: number): () => number {
  const endsAt = performance.now() + milliseconds;
  return () => Math.max(1, Math.round(endsAt - performance.now()));
}
