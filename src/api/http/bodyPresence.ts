import type { IncomingHttpHeaders } from 'node:http';
import type { EndpointDescription } from './endpoint';

/** Whether a method may have a body in this API: GET and DELETE have none (RFC 9110, 9.3.1 and 9.3.5). */
export function takesBody(method: EndpointDescription['method']): boolean {
  return method !== 'GET' && method !== 'DELETE';
}

/** Whether a request announces a body (RFC 9112, 6.3). */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  return length !== undefined && length !== '0';
}
