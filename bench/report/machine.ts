import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { Connection } from '@temporalio/client';
import { repositoryRoot } from '../../src/config/repository';
import type { Site } from '../site/site';

export function machine(): Record<string, string | number> {
  const [cpu] = os.cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
  };
}

export async function versions({ stack, postgres }: Site): Promise<Record<string, string>> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  await connection.close();
  const { rows } = await postgres.query<{ server_version: string }>('SHOW server_version');
  return {
    holdfast: execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: repositoryRoot(),
      encoding: 'utf8',
    }).trim(),
    node: process.versions.node,
    temporal: serverVersion,
    postgres: rows[0]?.server_version ?? 'unknown',
  };
}
