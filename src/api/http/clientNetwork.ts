import { isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

/** Returns the network that a client is counted by. It is the same for each call with one request. */
export type NetworkOf = (request: IncomingMessage) => string;

type Asked = Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } };

/** Groups of 16 bits in a /64, the least that one customer of an IPv6 network gets (RFC 6177). */
const GROUPS = 4;

/** Some load balancers also write the port of the client: `198.51.100.7:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(\d+(?:\.\d+){3}):\d+$/;
const IN_BRACKETS = /^\[([^\]]+)\](?::\d+)?$/;

/** @param trustedProxies the number of proxies in front of the API */
export function createNetworkOf(trustedProxies: number): NetworkOf {
  const known = new WeakMap<IncomingMessage, string>();
  return (request) => {
    const found = known.get(request) ?? networkOf(addressOf(request, trustedProxies));
    known.set(request, found);
    return found;
  };
}

/** Returns an IPv4 address, also for one that is mapped into IPv6, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (isIP(address) === 0) return address;
  const parsed = ipaddr.process(address);
  if (!('parts' in parsed)) return parsed.toString();
  const groups = parsed.parts.slice(0, GROUPS).map((group) => group.toString(16));
  return `${groups.join(':')}::/64`;
}

/**
 * Returns the address of the client: the one that the outermost trusted proxy saw. If no proxy is trusted, or if the
 * proxy has written no address, this is the address of the connection.
 */
export function addressOf({ headers, socket }: Asked, trustedProxies: number): string {
  const connection = socket.remoteAddress ?? '';
  if (trustedProxies === 0) return connection;
  const [client = ''] = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .slice(-trustedProxies);
  return withoutPort(client.trim()) ?? connection;
}

function withoutPort(entry: string): string | undefined {
  const address = IN_BRACKETS.exec(entry)?.[1] ?? WITH_PORT.exec(entry)?.[1] ?? entry;
  return isIP(address) === 0 ? undefined : address;
}
