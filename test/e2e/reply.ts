/** The response of the API to one call. */
export interface Reply {
  method: string;
  /** The path without the query. */
  path: string;
  status: number;
  headers: Headers;
  /** The parsed JSON, or undefined if it is not JSON. */
  body: unknown;
  text: string;
  bytes: Uint8Array;
}
