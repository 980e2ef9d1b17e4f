import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { followLog, openLog } from '../../src/launcher/processes/logFiles';
import { keepLogsSmall } from '../../src/launcher/processes/logRotation';
import { eventually } from '../support/eventually';

const MAX_BYTES = 64 * 1024;
const LOOK_MS = 5;

/** Writes lines as a flood, 1.7 MB in total. */
const FLOOD = `
  const line = JSON.stringify({ level: 30, msg: 'x'.repeat(200) }) + '\\n';
  let turns = 0;
  const timer = setInterval(() => {
    process.stdout.write(line.repeat(20));
    turns += 1;
    if (turns === 400) clearInterval(timer);
  }, 2);`;

let folder: string;
let end: (() => void)[];
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-logs-'));
  end = [];
});
afterEach(() => {
  child?.kill('SIGKILL');
  for (const stop of end) stop();
  rmSync(folder, { recursive: true });
});

describe('the log of a part', () => {
  it('is limited together with its older files, while the part keeps writing', async () => {
    const file = openLog(folder, 'api');
    const reported: string[] = [];
    const stopRotation = keepLogsSmall(folder, MAX_BYTES, LOOK_MS);
    end.push(
      stopRotation,
      followLog('API', file, (line) => reported.push(line)),
    );
    const log = openSync(file, 'a');
    child = spawn(process.execPath, ['-e', FLOOD], { stdio: ['ignore', log, 'inherit'] });
    await once(child, 'exit');
    stopRotation();

    const sizes = readdirSync(folder).map((name) => statSync(path.join(folder, name)).size);
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThan(8 * MAX_BYTES);
    // The part keeps writing into the same file, and the operator sees its warnings.
    writeSync(log, `${JSON.stringify({ level: 40, msg: 'look here' })}\n`);
    closeSync(log);
    expect(readFileSync(file, 'utf8')).toContain('look here');
    await eventually(async () => Promise.resolve(expect(reported.at(-1)).toBe('[API] look here')));
  });

  it('of the previous start is kept', () => {
    for (let starts = 0; starts < 6; starts += 1) openLog(folder, 'worker');
    expect(readdirSync(folder).toSorted()).toEqual([
      'worker.1.log',
      'worker.2.log',
      'worker.3.log',
      'worker.log',
    ]);
  });

  it('that cannot be read does not prevent the limit of other logs, and stops nothing', async () => {
    symlinkSync(path.join(folder, 'moved away'), path.join(folder, 'api.log'));
    const file = openLog(folder, 'worker');
    writeFileSync(file, 'x'.repeat(2 * MAX_BYTES));
    end.push(keepLogsSmall(folder, MAX_BYTES, LOOK_MS));
    await eventually(async () => Promise.resolve(expect(statSync(file).size).toBe(0)));
  });
});
