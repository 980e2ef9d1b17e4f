import { embeddedServers } from '../embeddedServers';
import { withSnapshot } from '../evidence/database';
import { auditLedger } from './audit';
import { tellReport } from './report';

/** If the audit takes less time, it prints no progress. */
const TELL_EVERY_MS = 5_000;

/**
 * `npm run ledger:audit`: checks the ledger of DATABASE_URL, or of the `npm start` that runs on DATA_DIR. If there are
 * faults, it prints a line for each and ends with exit code 1.
 */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const startedAt = Date.now();
  let toldAt = startedAt;
  const report = await withSnapshot(findDatabase(env), async (snapshot) =>
    auditLedger(snapshot, {
      onFault: ({ journal, what }) => void process.stdout.write(`FAULT ${journal ?? '-'}: ${what}\n`),
      onProgress(subject, read) {
        if (Date.now() - toldAt < TELL_EVERY_MS) return;
        toldAt = Date.now();
        process.stderr.write(`... ${read} ${subject}\n`);
      },
    }),
  );
  process.stdout.write(tellReport(report, (Date.now() - startedAt) / 1000));
  if (report.faults > 0) process.exitCode = 1;
}

function findDatabase(env: NodeJS.ProcessEnv): string {
  if (env['DATABASE_URL']) return env['DATABASE_URL'];
  const folder = env['DATA_DIR'] || '.data';
  const embedded = embeddedServers(folder);
  if (!embedded) throw new Error(`${folder} is not a data folder of npm start: set DATA_DIR or DATABASE_URL`);
  return embedded.databaseUrl;
}

main(process.env).catch((error: unknown) => {
  process.stderr.write(
    `The ledger could not be audited: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
