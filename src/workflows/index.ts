import type { VersioningBehavior } from '@temporalio/common';
import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { CancellationWorkflow, ShowCancellationWorkflow } from '../contract/cancellations';
import type { TopUpWorkflow } from '../contract/ledger';
import type { SaleOpeningWorkflow } from '../contract/openings';
import type { ChargeSettlementWorkflow } from '../contract/payments';
import type { ReservationWorkflow } from '../contract/reservations';
import { cancellation } from './cancellations/cancellation';
import { chargeSettlement } from './payments/chargeSettlement';
import { gatewayReconciliation } from './reconciliation/gatewayReconciliation';
import { housekeeping } from './operations/housekeeping';
import { reconciliation } from './reconciliation/reconciliation';
import { reservation } from './reservations/reservation';
import { saleOpening } from './openings/saleOpening';
import { showCancellation } from './cancellations/showCancellation';
import { sweep } from './operations/sweep';
import { topUp } from './ledger/topUp';

/*
 * How a run continues when workers of a new version take over. PINNED: the run ends on the version that it began on,
 * and no other code replays it. AUTO_UPGRADE: the run continues on the new version. Runs that may last for days are
 * AUTO_UPGRADE, so that an operator can stop an old worker soon.
 */
setWorkflowOptions(inCaseOfVersions('PINNED'), reservation satisfies ReservationWorkflow);
setWorkflowOptions(inCaseOfVersions('PINNED'), topUp satisfies TopUpWorkflow);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), cancellation satisfies CancellationWorkflow);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), chargeSettlement satisfies ChargeSettlementWorkflow);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), gatewayReconciliation);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), housekeeping);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), reconciliation);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), saleOpening satisfies SaleOpeningWorkflow);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), showCancellation satisfies ShowCancellationWorkflow);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), sweep);

/** The server rejects a task that names a behaviour if its worker has no version. */
function inCaseOfVersions(versioningBehavior: VersioningBehavior) {
  return () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior } : {});
}

export {
  cancellation,
  chargeSettlement,
  gatewayReconciliation,
  housekeeping,
  reconciliation,
  reservation,
  saleOpening,
  showCancellation,
  sweep,
  topUp,
};
