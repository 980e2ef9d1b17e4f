import path from 'node:path';
import { z } from 'zod';
import { startChild, type Child } from '../processes/child';
import type { BareCommand, BareTarget } from './protocol';

export interface Bare {
  pid: number;
  url: string;
  /** Makes `GET /map/<name>` respond with these bytes and headers, and with 304 to a client that has the ETag. */
  serveMap(map: { name: string; headers: Record<string, string>; body: Buffer }): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the bare Koa server, which is a separate process like the API of the service. */
export async function startBare(target: BareTarget): Promise<Bare> {
  const child: Child<BareCommand | { ask: 'port' }> = await startChild(
    path.join(__dirname, 'process.js'),
    target,
  );
  const port = await child.ask({ ask: 'port' }, z.int());
  return {
    pid: child.pid,
    url: `http://127.0.0.1:${port}`,
    async serveMap({ name, headers, body }) {
      await child.ask({ name, headers, bodyBase64: body.toString('base64') }, z.null());
    },
    stop: () => child.stop(),
  };
}
