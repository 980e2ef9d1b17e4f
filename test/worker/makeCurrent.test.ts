import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../../src/config/repository';
import { startStack, type Stack } from '../support/stack';

jest.setTimeout(90_000);

const SCRIPT = path.join(repositoryRoot(), 'dist/src/worker/makeCurrent.js');

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ env: { WORKER_ROLLOUT: 'rolling' } });
});

afterAll(async () => stack?.stop());

const run = async (env: NodeJS.ProcessEnv) => promisify(execFile)(process.execPath, [SCRIPT], { env });

describe('node dist/src/worker/makeCurrent.js', () => {
  it('makes the version of its build current, and reports the runs that are bound to each version', async () => {
    const { stdout } = await run(stack.env);

    expect(stdout).toContain('"msg":"this version is current"');
    expect(stdout).toMatch(
      /"buildId":"[0-9a-f]{16}","open":0,"msg":"open runs that are bound to this version"/,
    );
  });

  it('fails with one line if no worker of this version polls', async () => {
    const failure = await run({ ...stack.env, TEMPORAL_TASK_QUEUE: 'nobody polls this' }).catch(
      (error: unknown) => error,
    );

    expect(failure).toMatchObject({ code: 1 });
    expect(failure).toHaveProperty('stderr', expect.stringMatching(/^\S[^\n]*\n$/));
  });
});
