import type { IncomingHttpHeaders } from 'node:http';
import { isIPv6 } from 'node:net';

/** Groups of 16 bits in a /64, the least that one customer of an IPv6 network gets (RFC 6177). */
const GROUPS = 4;

/** What a client is counted by: its IPv4 address, also in IPv6's clothes, or the /64 that its IPv6 address is of. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address.replace(/^::ffff:/i, '');
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const before = head.split(':').filter(Boolean);
  const after = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, GROUPS);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** The client's address, found as Koa finds `ctx.ip`: what the outermost of the trusted proxies was asked by. */
export function addressOf(
  request: { headers: IncomingHttpHeaders; socket: { remoteAddress?: string | undefined } },
  trustedProxies: number,
): string {
  const forwarded = trustedProxies > 0 ? request.headers['x-forwarded-for'] : undefined;
  const [client] = String(forwarded ?? '')
    .split(/\s*,\s*/)
    .slice(-trustedProxies);
  return client || (request.socket.remoteAddress ?? '');
}
