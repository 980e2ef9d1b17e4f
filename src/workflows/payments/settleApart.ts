import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { chargeSettlement } from './chargeSettlement';
import {
  CHARGE_SETTLEMENT_WORKFLOW,
  chargeSettlementWorkflowId,
  type ChargeSettlementInput,
} from '../../contract/payments';

/**
 * Has a charge settled by a workflow that outlives this one: it asks Postgres and the gateway before it gives
 * anything back.
 */
export async function settleApart(charge: ChargeSettlementInput, summary: string): Promise<void> {
  try {
    await startChild<typeof chargeSettlement>(CHARGE_SETTLEMENT_WORKFLOW, {
      workflowId: chargeSettlementWorkflowId(charge.attemptId),
      args: [charge],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: summary,
    });
  } catch (error) {
    // It is under way already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
