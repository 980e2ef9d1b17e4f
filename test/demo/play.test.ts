import { execFile } from 'node:child_process';
import path from 'node:path';
import { loadDemo } from '../../src/demo/load';
import { freePort } from '../../src/launcher/ports';
import { startStack, type Stack } from '../support/stack';

const PLAY = path.resolve(__dirname, '../../dist/demo/play.js');
const OPERATOR_PASSWORD = 'a-password-of-the-operator';

let stack: Stack;

beforeAll(async () => {
  // Short enough to wait for, long enough to pay on a busy machine.
  stack = await startStack({ env: { HOLD_SECONDS: '12', OPERATOR_PASSWORD } });
}, 120_000);

afterAll(async () => stack.stop());

describe('npm run demo', () => {
  it('reports in one line that no schedule is on sale', async () => {
    const { code, errors } = await play({ DEMO_URL: stack.apiUrl });
    expect(code).toBe(1);
    expect(errors.trim()).toBe(
      'The demo failed: no schedule is on sale: start the service with DEMO_DATA=true',
    );
  });

  it('plays the four flows twice, and shows the ledger only with the operator password', async () => {
    await loadDemo({ db: stack.ownerDb });
    const first = await play({ DEMO_URL: stack.apiUrl });
    const second = await play({ DEMO_URL: stack.apiUrl, OPERATOR_PASSWORD });
    for (const { code, output, errors } of [first, second]) {
      expect(errors).toBe('');
      expect(code).toBe(0);
      const answers = [...output.matchAll(/← (\d+)/g)].map(([, status]) => Number(status));
      expect(answers).toEqual(expect.arrayContaining([200, 201, 202, 204, 304, 401, 402, 409, 410, 500]));
      expect(output).toContain("status: 'EXPIRED'");
      expect(output.trimEnd()).toMatch(/every response was as expected\.$/);
      // No token is shown in full.
      expect(output).not.toMatch(/eyJ[\w-]{20}/);
    }
    expect(first.output).not.toContain('house:revenue');
    expect(second.output).toContain('house:revenue');
    expect(second.output).toContain("result: 'ADMITTED'");
    expect(second.output).toMatch(/cancellable: true,[\s\S]*status: 'CANCELLED'/);
    expect(first.output).toContain('SKIPPED: the demo has no operator account');
  }, 360_000);

  it('reports in one line that no service runs, and how to start one', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, output, errors } = await play({ DEMO_URL: url });
    expect(code).toBe(1);
    expect(output).toBe('');
    expect(errors.trim()).toBe(
      `The demo failed: Holdfast does not respond at ${url}: start it with npm start in another terminal, or set DEMO_URL`,
    );
  });
});

/** As `npm run demo` runs it, after the build. */
function play(env: NodeJS.ProcessEnv): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 170_000 };
    const child = execFile(process.execPath, [PLAY], options, (_error, output, errors) => {
      resolve({ code: child.exitCode ?? -1, output, errors });
    });
  });
}
