import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { ROWS } from '../../bench/rows';
import type { Report } from '../../bench/report/report';

/** The run takes under three minutes on two slow cores, and other suites run beside it. */
const PATIENCE_MS = 600_000;

/** The processes whose processor time the report shows. */
const PROCESSES = ['API', 'worker', 'Temporal', 'Postgres', 'Redis', 'gateway'];

describe('a quick run of the benchmark', () => {
  it(
    'measures every row and its reference, finds no broken invariant, and reports everything',
    async () => {
      const run = spawn('npm', ['run', '--silent', 'bench', '--', '--quick']);
      let said = '';
      for (const stream of [run.stdout, run.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => (said += text));
      }
      await once(run, 'close');

      expect({ code: run.exitCode, said: run.exitCode === 0 ? '' : said }).toEqual({ code: 0, said: '' });
      const report = await readReport();
      expect(report.faults).toEqual([]);
      expect(report.rows.map(({ figure }) => figure)).toEqual(
        ROWS.filter(({ long }) => !long).map(({ figure }) => figure),
      );
      for (const { figure, ours, theirs, ratio, cpuMs, broken } of report.rows) {
        for (const { median } of [ours, theirs, ratio]) expect(median).toBeGreaterThan(0);
        // The bare workflow is Temporal without Holdfast.
        const parts = figure === 'the bare workflow' ? ['Temporal'] : PROCESSES;
        expect(Object.keys(cpuMs.ours)).toEqual(expect.arrayContaining(parts));
        // A slow machine may sell too little in time, but every sale is correct.
        expect(broken.filter((what) => !what.endsWith('in time'))).toEqual([]);
        expect(said).toContain(figure);
      }
      expect(Object.keys(report.versions)).toContain('temporal');
      expect(Object.keys(report.machine)).toContain('cores');
    },
    PATIENCE_MS,
  );
});

async function readReport(): Promise<Report> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the benchmark has just written it
  return JSON.parse(await readFile('.data-bench/report.json', 'utf8')) as Report;
}
