import type { Records } from '../evidence/evidence';

/** Histories of this number of workflows are read at most. */
const MOST_HISTORIES = 100;

/** Invariant 13: no password, token or code of a ticket is in a log or in a history of a workflow. */
export async function secrets({ serviceLogs, workflows, secrets: known }: Records): Promise<string[]> {
  if (known.length === 0) return [];
  const hasSecret = (text: string): boolean => known.some((secret) => text.includes(secret));
  const faults: string[] = [];
  for (const log of serviceLogs) {
    if ((await log.find(hasSecret)) !== undefined) faults.push(`${log.file} has a secret`);
  }
  const listed = (await workflows?.list()) ?? [];
  for (const workflow of listed.slice(0, MOST_HISTORIES)) {
    if (hasSecret((await workflows?.history(workflow)) ?? '')) {
      faults.push(`the history of ${workflow.workflowId} has a secret`);
    }
  }
  return faults;
}
