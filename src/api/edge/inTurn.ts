import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** The number of requests that a client may send ahead on one connection. Browsers send none ahead. */
const SENT_AHEAD = 16;

/**
 * Handles the requests of one connection one after the other: the next request begins when the response before it is
 * out. Node would begin all requests of one packet at once, a thousand and more. A client that sends too many ahead
 * loses its connection, because the server cannot respond out of order (RFC 9112, 9.3.2).
 */
export function inTurn(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, (() => void)[]>();

  return (request, response) => {
    const { socket } = request;
    const begin = (): void => {
      response.once('close', () => next(socket));
      listener(request, response);
    };
    const ahead = waiting.get(socket);
    if (!ahead) {
      waiting.set(socket, []);
      begin();
    } else if (ahead.length < SENT_AHEAD) ahead.push(begin);
    else socket.destroy();
  };

  function next(socket: Socket): void {
    const begin = socket.destroyed ? undefined : waiting.get(socket)?.shift();
    if (begin) begin();
    else waiting.delete(socket);
  }
}
