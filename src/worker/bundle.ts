import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { repositoryRoot } from '../config/repository';
import { BUILD_ID_PATH, buildIdOf } from './buildId';

/** The file to which the build writes the workflow bundle. */
export const BUNDLE_PATH = path.join(repositoryRoot(), 'dist/workflow-bundle.js');

/**
 * With `WORKFLOW_THREADS=full`, the SDK takes a stack trace for every promise of a workflow, and resolves each of its
 * frames by the source map. With V8's ten frames, that takes a quarter of the worker's processor time. Two frames still show where an error was
 * thrown, and which function had called. This line must come before the bundle, because the SDK freezes `Error` after
 * it.
 */
const SHORT_STACK_TRACES = 'Error.stackTraceLimit = 2; ';

/**
 * The workflows as one script for a worker. All workflows of a thread share the modules, so no run evaluates them
 * again. That is safe because a workflow keeps its state in its function, and no module has any state.
 *
 * @param workflowsPath the module that exports the workflows, with its file extension
 */
export async function workflowBundle(workflowsPath: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    preloadModules: [workflowsPath],
    logger: new DefaultLogger('WARN'),
  });
  return `${SHORT_STACK_TRACES}${code}`;
}

/**
 * Bundles the compiled workflows, so that a worker starts without a bundler, and writes the build id. Part of `npm run
 * build`.
 */
async function bundleWorkflows(): Promise<void> {
  const dist = path.join(repositoryRoot(), 'dist');
  await writeFile(BUNDLE_PATH, await workflowBundle(path.join(dist, 'src/workflows/index.js')));
  await writeFile(BUILD_ID_PATH, `${buildIdOf(dist, path.join(repositoryRoot(), 'package-lock.json'))}\n`);
}

if (require.main === module) void bundleWorkflows();
