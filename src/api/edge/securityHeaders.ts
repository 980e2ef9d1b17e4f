import type { Middleware } from '../http/state';

/**
 * For answers that are data: nothing may be loaded, framed or sniffed (what helmet sets by default, as far as it
 * concerns those). They are the same for each answer, so they are written down and not made anew. Pages with
 * scripts of their own (the API document) set a policy of their own. HSTS is for the proxy that ends TLS.
 */
export const SECURITY_HEADERS = {
  'Content-Security-Policy': "default-src 'none';frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Frame-Options': 'SAMEORIGIN',
} as const;

export const securityHeaders: Middleware = async (ctx, next) => {
  ctx.set(SECURITY_HEADERS);
  await next();
};
