/** What the API answered to one call. */
export interface Reply {
  method: string;
  /** Without the query. */
  path: string;
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else undefined. */
  body: unknown;
  text: string;
  bytes: Uint8Array;
}
