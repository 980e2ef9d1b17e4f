import helmet from 'koa-helmet';
import type { Middleware } from '../http/state';

/**
 * For answers that are data: nothing may be loaded, framed or sniffed. Pages with scripts of their own (the
 * API document) set a policy of their own. HSTS is for the proxy that ends TLS.
 */
export function securityHeaders(): Middleware {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
  });
}
