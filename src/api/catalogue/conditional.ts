import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether `If-None-Match` names this entity tag (RFC 9110, section 13.1.2: by weak comparison, as proxies may
 * have made a strong tag weak).
 */
export function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  const condition = headers['if-none-match'];
  if (condition === undefined) return false;
  if (condition.trim() === '*') return true;
  return condition.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
