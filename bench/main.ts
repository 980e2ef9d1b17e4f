import { openBench } from './bench';
import { readOptions } from './options';
import { writePlots } from './report/plots';
import { reportOf, writeReport } from './report/report';
import { describeReport } from './report/table';
import { ROWS } from './rows';
import { runRounds } from './run';
import { FULL, QUICK } from './scale';

/**
 * `npm run bench`; see docs/benchmark.md. A broken invariant gives exit code 1. A missed target is a result, not a
 * failure.
 */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const rows = ROWS.filter(({ subject, long }) => options.subjects.has(subject) && (options.long || !long));
  say('Starting a separate Holdfast ...');
  const bench = await openBench(options.quick ? QUICK : FULL);
  const stopAtOnce = (): void => void bench.close().finally(() => process.exit(1));
  process.once('SIGINT', stopAtOnce);
  process.once('SIGTERM', stopAtOnce);
  try {
    const report = await reportOf(bench, await runRounds(bench, rows, say));
    say(describeReport(report));
    say(`\nWritten to ${writeReport(report)}`);
    if (options.plots) say(writePlots(report).join('\n'));
    process.exitCode = report.faults.length === 0 ? 0 : 1;
  } finally {
    await bench.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
