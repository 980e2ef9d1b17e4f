import { connect, type Socket } from 'node:net';

/** A client that can write any bytes, which no HTTP library allows. */
export interface BareClient {
  readonly socket: Socket;
  /** Everything that has arrived so far, as text of one byte a character. */
  received(): string;
  send(text: string): void;
  /** Resolves once text that matches has arrived. Rejects if the connection ends before. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves once this number of responses has begun. */
  untilAnswers(count: number): Promise<void>;
  /** Resolves once the connection has closed in any way, with everything that has arrived. */
  gone(): Promise<string>;
  leave(): void;
}

/**
 * @param options.from an address of the loopback; each address is a different client for the server
 * @param options.reads whether it reads what arrives; a client that does not read fills the buffers
 * @param options.goesOn whether it still sends after the server has ended its side
 */
export async function openBareClient(
  url: string,
  {
    from = '127.0.0.1',
    reads = true,
    goesOn = false,
  }: { from?: string; reads?: boolean; goesOn?: boolean } = {},
): Promise<BareClient> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), localAddress: from, allowHalfOpen: goesOn });
  let text = '';
  let isGone = false;
  socket.on('error', () => undefined);
  // Not `once`, which would reject if the socket ends with an error.
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isGone = true;
      resolve();
    });
  });
  if (reads) socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  await Promise.race([new Promise((resolve) => void socket.once('connect', resolve)), closed]);
  const more = async (): Promise<void> => {
    if (isGone) throw new Error(`the connection has ended after: ${text.slice(-500)}`);
    await Promise.race([new Promise((resolve) => void socket.once('data', resolve)), closed]);
  };
  return {
    socket,
    received: () => text,
    send: (data) => void socket.write(data, 'latin1'),
    async until(pattern) {
      while (!pattern.test(text)) await more();
      return text;
    },
    async untilAnswers(count) {
      while (text.split('HTTP/1.1 ').length <= count) await more();
    },
    async gone() {
      await closed;
      return text;
    },
    leave: () => void socket.destroy(),
  };
}

/** A request without a body. */
export const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: test', ...headers, '', ''].join('\r\n');

/** The beginning of a request with a JSON body, without a length. */
export const post = (path: string, ...headers: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: test', 'Content-Type: application/json', ...headers, '', ''].join('\r\n');
