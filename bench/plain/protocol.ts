/** Where the plain service finds its servers. */
export interface PlainServiceTarget {
  databaseUrl: string;
  gatewayUrl: string;
  gatewaySecret: string;
  /** The public part of the key that signs the tokens of the users. */
  publicJwk: object;
}

export interface PlainServiceCommand {
  ask: 'port';
}
