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
 * How a run goes on when workers of a new version take over. PINNED: it ends on the version that it began on, and
 * nothing of it is replayed with other code. AUTO_UPGRADE: it goes on with the new version. Runs that may last for days
 * do, so that an old worker can be stopped soon.
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

/** The server refuses every task of a worker without a version that names a behaviour. */
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
