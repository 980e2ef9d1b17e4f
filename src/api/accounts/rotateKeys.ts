import { parseArgs } from 'node:util';
import { createLogger } from '../../config/logging';
import { loadSettings } from '../../config/settings';
import { connectPostgres } from '../../db/connect';
import { createSigningKeyStore } from '../../db/accounts/signingKeyStore';
import { rotateSigningKey } from './keyRing';

/**
 * `node dist/src/api/accounts/rotateKeys.js [session | ticket] [--revoke]`, with the environment of the API. Makes a
 * new key, which signs from now on.
 */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { revoke: { type: 'boolean' } },
  });
  const [purpose = 'session'] = positionals;
  if (purpose !== 'session' && purpose !== 'ticket') throw new Error(`${purpose}: must be session or ticket`);
  const settings = loadSettings(process.env);
  const logger = createLogger('rotate-keys', settings.LOG_LEVEL);
  const db = connectPostgres(settings.DATABASE_URL, { poolSize: 1, applicationName: 'holdfast-rotate-keys' });
  try {
    const earlier = values.revoke === true ? 'revoked' : 'kept';
    const kid = await rotateSigningKey(createSigningKeyStore(db, purpose), earlier);
    logger.info({ kid, purpose, earlier }, 'a new key signs from now on');
  } finally {
    await db.destroy();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
