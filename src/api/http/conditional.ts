import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether `If-None-Match` names this entity tag. The comparison is weak, because proxies may have made a strong tag
 * weak (RFC 9110, section 13.1.2).
 */
export function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  return knownTag(headers, [etag]) !== undefined;
}

/** Returns the first of these entity tags that `If-None-Match` names: the version that the client has. */
export function knownTag(headers: IncomingHttpHeaders, etags: readonly string[]): string | undefined {
  const condition = headers['if-none-match'];
  if (condition === undefined) return undefined;
  if (condition.trim() === '*') return etags[0];
  const named = new Set(condition.split(',').map((tag) => tag.trim().replace(/^W\//, '')));
  return etags.find((etag) => named.has(etag));
}
