import type { Person } from '../generator/protocol';

export interface BareTarget {
  redisUrl: string;
  /** The public part of the key that signs the tokens of the service. */
  publicJwk: object;
}

/** A command to the bare server: what to send below `/map/<name>`, exactly as the service sends it. */
export interface BareCommand {
  name: string;
  headers: Record<string, string>;
  bodyBase64: string;
}

/** The Authorization header of a person, for either server. */
export const bearer = ({ accessToken }: Person): string => `Bearer ${accessToken}`;
