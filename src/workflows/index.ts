import type { VersioningBehavior } from '@temporalio/common';
import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import { cancellation } from './cancellation';
import { chargeSettlement } from './chargeSettlement';
import { gatewayReconciliation } from './gatewayReconciliation';
import { housekeeping } from './housekeeping';
import { reconciliation } from './reconciliation';
import { reservation } from './reservation';
import { saleOpening } from './saleOpening';
import { showCancellation } from './showCancellation';
import { sweep } from './sweep';
import { topUp } from './topUp';

/*
 * How a run goes on when workers of a new version take over. PINNED: it ends on the version that it began on, and
 * nothing of it is replayed with other code. AUTO_UPGRADE: it goes on with the new version. Runs that may last for days
 * do, so that an old worker can be stopped soon.
 */
setWorkflowOptions(inCaseOfVersions('PINNED'), reservation);
setWorkflowOptions(inCaseOfVersions('PINNED'), topUp);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), cancellation);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), chargeSettlement);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), gatewayReconciliation);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), housekeeping);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), reconciliation);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), saleOpening);
setWorkflowOptions(inCaseOfVersions('AUTO_UPGRADE'), showCancellation);
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
