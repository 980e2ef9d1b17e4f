import type { Person } from '../generator/protocol';

export interface BareTarget {
  redisUrl: string;
  /** Of the key that signs the service's tokens. */
  publicJwk: object;
}

/** To the bare server: what to send below `/map/<name>`, as the service sends it. */
export interface BareCommand {
  name: string;
  headers: Record<string, string>;
  bodyBase64: string;
}

/** What a request of a person says to either server. */
export const bearer = ({ accessToken }: Person): string => `Bearer ${accessToken}`;
