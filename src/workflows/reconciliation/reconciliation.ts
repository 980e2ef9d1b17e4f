import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, setCurrentDetails, startChild } from '@temporalio/workflow';
import type { GatewayReconciliation } from '../../activities/reconciliation/reconciliation';
import type { gatewayReconciliation } from './gatewayReconciliation';
import { GATEWAY_RECONCILIATION_WORKFLOW } from '../../contract/reconciliation';
import { endlessStep } from '../lib/steps';

const listReconciliations = endlessStep(
  'Read which gateways are configured',
  (activities) => activities.listReconciliations,
);

/** The timeout of each history. A comparison that reads half a year continues in the next history. */
const RUN_TIMEOUT = '60m';

export interface ReconciliationStarted {
  status: 'SUCCEEDED';
  /** The gateways whose comparison was started, or ran already. */
  gateways: string[];
}

/**
 * Starts the comparison with each configured gateway. Each comparison is a separate workflow, so that none waits for
 * another gateway. A comparison that still runs is left alone.
 */
export async function reconciliation(): Promise<ReconciliationStarted> {
  const runs = await listReconciliations();
  for (const run of runs) await start(run);
  const gateways = runs.map(({ gateway }) => gateway);
  setCurrentDetails(`Started: ${gateways.join(', ')}.`);
  return { status: 'SUCCEEDED', gateways };
}

async function start({ gateway, workflowId }: GatewayReconciliation): Promise<void> {
  try {
    await startChild<typeof gatewayReconciliation>(GATEWAY_RECONCILIATION_WORKFLOW, {
      workflowId,
      args: [gateway],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowRunTimeout: RUN_TIMEOUT,
      staticSummary: `Compare the book of ${gateway} with ledger and reservations`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
