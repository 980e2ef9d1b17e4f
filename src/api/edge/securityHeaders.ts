import type { Middleware } from '../http/state';

/**
 * For responses that are data: a browser may not load, frame or sniff anything (the defaults of helmet, as far as they
 * concern data). They are the same for each response, so they are constants. Pages with scripts of their own (the API
 * document) set a policy of their own. The proxy that ends TLS sets HSTS.
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
