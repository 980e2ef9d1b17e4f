import { chmod, readdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { cached, install } from './cache';
import { findOnPath, run, withProgress } from './commands';
import { LaunchFailure, type Report } from '../failure';
import { firstWay, type FoundBinary } from './foundBinary';
import { buildWithGo } from './goProgram';

/** v1.5.1 contains server 1.29.1 and the UI. `go install` cannot build later versions. */
const CLI_VERSION = '1.5.1';
const CACHE_NAME = `temporal-${CLI_VERSION}`;
/** The first server that supports update-with-start without dynamic config. */
const OLDEST_SERVER = 28;
const DOWNLOADS = 'https://temporal.download/';

/**
 * Finds the Temporal CLI, which contains the server and the UI: on the PATH, in the cache, with the SDK's own
 * download, or with `go install`.
 *
 * @throws {LaunchFailure} if every way fails; the message says what to do
 */
export async function findTemporal(report: Report): Promise<FoundBinary> {
  const own = findOnPath('temporal');
  if (own && (await isRecent(own))) return { file: own, how: 'temporal on the PATH' };
  const folder = cached(CACHE_NAME);
  if (folder) return { file: path.join(folder, 'temporal'), how: `temporal ${CLI_VERSION} in the cache` };
  const advice =
    'there is no Temporal server: put the temporal CLI on the PATH (https://docs.temporal.io/cli), install Go, or set ' +
    'TEMPORAL_ADDRESS';
  return firstWay('Temporal', [fromSdk, fromGo], advice, report);
}

/**
 * Lets the SDK download one of its servers into `folder`, and renames the file to its plain name. The SDK cannot be
 * interrupted, so it works in a separate process. Before that, this function checks that the host responds.
 */
export async function downloadWithSdk(
  kind: 'temporal' | 'temporal-test-server',
  folder: string,
): Promise<void> {
  try {
    await fetch(DOWNLOADS, { method: 'HEAD', signal: AbortSignal.timeout(4_000) });
  } catch {
    throw new LaunchFailure(`the SDK's download (${new URL(DOWNLOADS).host}) is not reachable`);
  }
  const create = kind === 'temporal' ? 'createLocal' : 'createTimeSkipping';
  const script = `const { TestWorkflowEnvironment } = require(${JSON.stringify(require.resolve('@temporalio/testing'))});
    TestWorkflowEnvironment.${create}({ server: { executable: { type: 'cached-download', downloadDir: process.argv[1] } } })
      .then((environment) => environment.teardown())
      .then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });`;
  await run(process.execPath, ['-e', script, folder], { timeoutMs: 300_000 });
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size));
  const largest = names[sizes.indexOf(Math.max(...sizes))];
  if (largest === undefined) throw new LaunchFailure("the SDK's download left no file");
  await rename(path.join(folder, largest), path.join(folder, kind));
  await chmod(path.join(folder, kind), 0o755);
}

async function fromSdk(report: Report): Promise<FoundBinary> {
  const work = install(CACHE_NAME, report, (folder) => downloadWithSdk('temporal', folder));
  const what = "Temporal: the SDK's own download (about 60 MB), once; takes up to a minute";
  const folder = await withProgress(report, what, work);
  return { file: path.join(folder, 'temporal'), how: "temporal by the SDK's download" };
}

async function fromGo(report: Report): Promise<FoundBinary> {
  const program = {
    module: `github.com/temporalio/cli/cmd/temporal@v${CLI_VERSION}`,
    cacheName: CACHE_NAME,
    what: `Temporal: building server and UI with go install (v${CLI_VERSION}), once; takes about 3-4 minutes`,
  };
  const folder = await buildWithGo(program, report);
  return { file: path.join(folder, 'temporal'), how: `temporal ${CLI_VERSION} built with go install` };
}

async function isRecent(file: string): Promise<boolean> {
  const text = await run(file, ['--version'], { timeoutMs: 10_000 }).catch(() => '');
  const [, major, minor] = /Server (\d+)\.(\d+)/.exec(text) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= OLDEST_SERVER);
}
