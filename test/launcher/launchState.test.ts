import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LATEST_MIGRATION } from '../../src/db/migrate';
import { noteMigration, openLaunchState, readLaunchState } from '../../src/launcher/start/launchState';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-state-'));
  file = path.join(folder, 'state.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const written = (): unknown => JSON.parse(readFileSync(file, 'utf8'));
const write = (state: object): void => writeFileSync(file, JSON.stringify(state));

/** A port that is free now. */
async function portOfSystem(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('state.json', () => {
  it('contains the last migration once the database has it', async () => {
    const state = await openLaunchState(folder, []);
    expect(state.migration).toBeUndefined();

    noteMigration(folder, state);

    expect(readLaunchState(folder)).toEqual({ ...state, migration: LATEST_MIGRATION });
  });

  it('of a later release is rejected with one line, in any format', () => {
    write({ migration: '999_of_a_later_release', secrets: 'in another form' });

    expect(() => readLaunchState(folder)).toThrow(
      `the data folder ${folder} was used by a later release, whose migration 999_of_a_later_release this one does not know`,
    );
  });

  it('of an earlier release gets the missing ports, and keeps its secrets', async () => {
    const { secrets, ports } = await openLaunchState(folder, []);
    const { temporalUi: _lacking, ...earlier } = ports;
    write({ secrets, ports: earlier });

    const state = await openLaunchState(folder, []);

    expect(state.secrets).toEqual(secrets);
    expect(state.ports.temporalUi).toBeGreaterThan(0);
  });

  it('keeps the additions of a later release with the same database', async () => {
    const state = await openLaunchState(folder, []);
    write({
      ...state,
      ports: { ...state.ports, added: 1 },
      secrets: { ...state.secrets, added: 'later' },
      added: true,
    });

    await openLaunchState(folder, []);

    expect(written()).toMatchObject({ ports: { added: 1 }, secrets: { added: 'later' }, added: true });
  });

  it('does not use ports that the operator has chosen for other uses', async () => {
    const { secrets, ports } = await openLaunchState(folder, []);
    // A port that this process has not reserved.
    const chosen = await portOfSystem();
    write({ secrets, ports: { ...ports, redis: chosen } });

    const state = await openLaunchState(folder, [chosen]);

    expect(Object.values(state.ports)).not.toContain(chosen);
  });
});
