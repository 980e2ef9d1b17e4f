import { timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import { secretDigest } from '../src/gateways/secretDigest';
import { PAGE_USER, pagePassword } from '../src/gateways/sandbox/pageAccess';
import { refuse } from './refuse';

/**
 * The calls require the shared secret as a bearer token. The page requires its password, and `/healthz` requires
 * neither. The password opens only the page, which changes nothing.
 */
export function authenticate(secret: string): Middleware {
  const forCalls = secretDigest(`Bearer ${secret}`);
  const login = Buffer.from(`${PAGE_USER}:${pagePassword(secret)}`).toString('base64');
  const forPage = secretDigest(`Basic ${login}`);
  return async (ctx, next): Promise<void> => {
    const isPage = ctx.path === '/';
    const given = secretDigest(ctx.get('Authorization'));
    if (ctx.path === '/healthz' || timingSafeEqual(given, isPage ? forPage : forCalls)) {
      await next();
      return;
    }
    ctx.set('WWW-Authenticate', isPage ? 'Basic realm="Sandbox gateway", charset="UTF-8"' : 'Bearer');
    refuse(ctx, 401, 'unauthenticated', 'the credentials are missing or wrong');
  };
}
