import { parseArgs } from 'node:util';
import { audit, type AuditTarget } from './audit';
import { embeddedServers } from './embeddedServers';
import { inWords } from './fault';

/**
 * `npm run audit -- [--data <folder>] [--log <file>]...`: audits the embedded servers of an `npm start` on that
 * folder, or the servers that DATABASE_URL, REDIS_URL, SANDBOX_GATEWAY_URL and SANDBOX_SECRET name. If there are
 * faults, it prints a line for each and ends with exit code 1.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: process.env['DATA_DIR'] || '.data' },
      log: { type: 'string', multiple: true, default: [] },
    },
  });
  const faults = await audit(findTarget(process.env, values.data, values.log));
  for (const fault of faults) process.stdout.write(`FAULT ${inWords(fault)}\n`);
  process.stdout.write(faults.length === 0 ? 'No invariant is broken.\n' : `${faults.length} faults.\n`);
  if (faults.length > 0) process.exitCode = 1;
}

/** Settings of the environment come first, as they do for the service. */
function findTarget(env: NodeJS.ProcessEnv, folder: string, logs: string[]): AuditTarget {
  const embedded = embeddedServers(folder);
  const need = (name: string, fallback: string | undefined): string => {
    const value = env[name] || fallback;
    if (value === undefined)
      throw new Error(`${folder} is not a data folder of npm start: set --data or ${name}`);
    return value;
  };
  return {
    databaseUrl: need('DATABASE_URL', embedded?.databaseUrl),
    redisUrl: need('REDIS_URL', embedded?.redisUrl),
    gateway: {
      url: need('SANDBOX_GATEWAY_URL', embedded?.gatewayUrl),
      secret: need('SANDBOX_SECRET', embedded?.gatewaySecret),
    },
    logs,
    ...workflowsAndLogs(env, embedded),
    activeSeconds: Number(env['QUEUE_TOKEN_TTL_SECONDS'] || '900'),
  };
}

/** Those of the `npm start`, unless the database is another one. Temporal with TLS is left out. */
function workflowsAndLogs(
  env: NodeJS.ProcessEnv,
  embedded: ReturnType<typeof embeddedServers>,
): Pick<AuditTarget, 'temporal' | 'serviceLogs'> {
  const own = env['DATABASE_URL'] ? null : embedded;
  const address = env['TEMPORAL_ADDRESS'] || own?.temporalAddress;
  return {
    ...(address !== undefined && {
      temporal: {
        address,
        namespace: env['TEMPORAL_NAMESPACE'] || 'default',
        taskQueue: env['TEMPORAL_TASK_QUEUE'] || 'holdfast',
      },
    }),
    serviceLogs: own?.serviceLogs ?? [],
  };
}

main().catch((error: unknown) => {
  process.stderr.write(
    `The audit could not run: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
