import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Where the build leaves the workflow bundle. */
export const BUNDLE_PATH = path.resolve(__dirname, '../workflow-bundle.js');

/** Bundles the compiled workflows, so that a worker starts without a bundler. Part of `npm run build`. */
export async function bundleWorkflows(): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.resolve(__dirname, '../workflows/index.js'),
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(BUNDLE_PATH, code);
}

if (require.main === module) void bundleWorkflows();
