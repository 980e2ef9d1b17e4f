import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { chargeSettlement } from './chargeSettlement';
import {
  CHARGE_SETTLEMENT_WORKFLOW,
  chargeSettlementWorkflowId,
  type ChargeSettlementInput,
} from '../../contract/payments';

/**
 * Starts a workflow that settles a charge and outlives this one. It asks Postgres and the gateway before it refunds
 * anything.
 */
export async function startChargeSettlement(charge: ChargeSettlementInput, summary: string): Promise<void> {
  try {
    await startChild<typeof chargeSettlement>(CHARGE_SETTLEMENT_WORKFLOW, {
      workflowId: chargeSettlementWorkflowId(charge.attemptId),
      args: [charge],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: summary,
    });
  } catch (error) {
    // The workflow runs already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
