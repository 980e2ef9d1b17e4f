/** A user who is logged in. */
export interface Person {
  name: string;
  id: string;
  accessToken: string;
  queueToken: string;
}

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  by?: Person;
  body?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
}

/** A call with its response. */
export interface Exchange {
  call: Call;
  status: number;
  headers: Headers;
  /** Parsed JSON; undefined if the response has no body. */
  body: unknown;
  milliseconds: number;
}
