import { readFileSync } from 'node:fs';
import type { Settings } from './settings';

/** The options that `Connection.connect` and `NativeConnection.connect` both accept. */
export interface TemporalConnectionOptions {
  address: string;
  apiKey?: string;
  tls?: boolean | { serverRootCACertificate?: Buffer; clientCertPair?: { crt: Buffer; key: Buffer } };
}

/**
 * How to reach Temporal: without TLS on the loopback, with TLS files for a cluster, with an API key for Temporal Cloud
 * (which implies TLS).
 *
 * @throws if a TLS file cannot be read
 */
export function temporalConnectionOptions(settings: Settings): TemporalConnectionOptions {
  const {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_API_KEY: apiKey,
    TEMPORAL_TLS_CERT_FILE: certFile,
    TEMPORAL_TLS_KEY_FILE: keyFile,
    TEMPORAL_TLS_CA_FILE: caFile,
  } = settings;
  const clientCertPair =
    certFile && keyFile ? { crt: readFileSync(certFile), key: readFileSync(keyFile) } : null;
  const tls = {
    ...(caFile ? { serverRootCACertificate: readFileSync(caFile) } : {}),
    ...(clientCertPair ? { clientCertPair } : {}),
  };
  const needsTls = Object.keys(tls).length > 0 || apiKey !== undefined;
  return { address, ...(apiKey === undefined ? {} : { apiKey }), ...(needsTls ? { tls } : {}) };
}
