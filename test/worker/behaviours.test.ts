import { Client, Connection, ServiceError } from '@temporalio/client';
import { isWorkflowFunctionWithOptions } from '@temporalio/common';
import { knowsVersions } from '../../src/temporal/workerVersions';
import * as workflows from '../../src/workflows';

describe('every workflow', () => {
  it.each(Object.entries(workflows))('%s declares its behaviour under a new version', (_name, workflow) => {
    expect(isWorkflowFunctionWithOptions(workflow)).toBe(true);
  });
});

/** A server that gives this response to a request for the versions of workers. */
function serverThat(answers: () => Promise<never>): Client {
  const client = new Client({ connection: Connection.lazy() });
  jest.spyOn(client.workflowService, 'listWorkerDeployments').mockImplementation(answers);
  return client;
}

const refused = (code: number, details: string) => async (): Promise<never> => {
  const cause = Object.assign(new Error(details), { code, details, metadata: {} });
  throw new ServiceError(details, { cause });
};

describe('a server', () => {
  it.each([
    ['that is older', refused(12, 'unknown method')],
    // This is the response of 1.29.1 with system.enableDeploymentVersions off.
    ['that has them switched off', refused(7, 'Worker Deployment Versions are disabled on this namespace.')],
  ])('%s knows no versions of workers', async (_which, answers) => {
    expect(await knowsVersions(serverThat(answers))).toBe(false);
  });

  it.each([
    ['that is down', refused(14, 'away')],
    ['that rejects the key', refused(7, 'no such key')],
  ])('%s does not count as a server that knows none', async (_which, answers) => {
    await expect(knowsVersions(serverThat(answers))).rejects.toThrow(ServiceError);
  });
});
