// Run once, before the first `docker compose up`. It writes generated passwords into .env, which only this user can
// read.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const names = [
  'POSTGRES_PASSWORD',
  'OWNER_PASSWORD',
  'SERVICE_PASSWORD',
  'TEMPORAL_DB_PASSWORD',
  'REDIS_PASSWORD',
  'SANDBOX_SECRET',
  'SANDBOX_WEBHOOK_SECRET',
  'OPERATOR_PASSWORD',
];
const file = fileURLToPath(new URL('../.env', import.meta.url));
const secrets = names.map((name) => `${name}=${randomBytes(32).toString('base64url')}\n`);
// Compose starts the sandbox gateway only with this profile.
const lines = [...secrets, 'PAYMENT_GATEWAY=sandbox\n', 'COMPOSE_PROFILES=sandbox\n'];
try {
  // Never overwrites an existing .env: the databases already use its passwords.
  writeFileSync(file, lines.join(''), { mode: 0o600, flag: 'wx' });
  process.stdout.write(
    `${file} is written. OPERATOR_PASSWORD in it is the password of the account "operator".\n`,
  );
} catch {
  process.stderr.write(`${file} already exists or cannot be written. Nothing was changed.\n`);
  process.exitCode = 1;
}
