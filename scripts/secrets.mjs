// Once, before the first `docker compose up`: writes generated passwords into .env, for nobody else to read.
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
// Compose starts the sandbox gateway with the profile alone.
const lines = [...secrets, 'PAYMENT_GATEWAY=sandbox\n', 'COMPOSE_PROFILES=sandbox\n'];
try {
  // Never over another: the databases know the passwords that are in it.
  writeFileSync(file, lines.join(''), { mode: 0o600, flag: 'wx' });
  process.stdout.write(
    `${file} is written; OPERATOR_PASSWORD in it is the password of the account operator.\n`,
  );
} catch {
  process.stderr.write(`${file} is there already, or cannot be written; it stays as it is.\n`);
  process.exitCode = 1;
}
