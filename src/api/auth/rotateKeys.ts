import { createLogger } from '../../config/logging';
import { loadSettings } from '../../config/settings';
import { connectPostgres } from '../../db/connect';
import { createSigningKeyStore } from '../../db/signingKeyStore';
import { rotateSigningKey } from './keyRing';

/** `node dist/api/auth/rotateKeys.js`, with the API's environment: a new key signs from now on. */
async function main(): Promise<void> {
  const settings = loadSettings(process.env);
  const logger = createLogger('rotate-keys', settings.LOG_LEVEL);
  const db = connectPostgres(settings.DATABASE_URL, { poolSize: 1, applicationName: 'holdfast-rotate-keys' });
  try {
    const kid = await rotateSigningKey(createSigningKeyStore(db));
    logger.info({ kid }, 'tokens are signed with a new key; the older ones verify until their tokens end');
  } finally {
    await db.destroy();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
