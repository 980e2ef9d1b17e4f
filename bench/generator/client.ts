import { Pool } from 'undici';
import type { z } from 'zod';

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  token?: string;
  queueToken?: string;
  body?: object;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A client of the REST API. */
export interface Client {
  send(call: Call): Promise<Answer>;
  /** @throws if the response has another status than `expected` */
  call<Schema extends z.ZodType>(call: Call, expected: number, answer: Schema): Promise<z.infer<Schema>>;
  close(): Promise<void>;
}

export function openClient(url: string, connections = 256): Client {
  const pool = new Pool(url, { connections });
  const send = async ({ method, path, token, queueToken, body }: Call): Promise<Answer> => {
    const response = await pool.request({
      method,
      path,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(queueToken === undefined ? {} : { 'x-queue-token': queueToken }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      text: await response.body.text(),
    };
  };
  return {
    send,
    async call(call, expected, answer) {
      const { status, text } = await send(call);
      if (status !== expected) throw new Error(`${call.method} ${call.path} returned ${status}: ${text}`);
      return answer.parse(text === '' ? null : JSON.parse(text));
    },
    close: () => pool.close(),
  };
}
