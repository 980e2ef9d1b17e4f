export const RECONCILIATION_WORKFLOW = 'reconciliation';
export const GATEWAY_RECONCILIATION_WORKFLOW = 'gatewayReconciliation';

/** For each gateway of a task queue, only one runs at a time. */
export const gatewayReconciliationWorkflowId = (gateway: string, taskQueue: string): string =>
  `reconciliation-${gateway}-${taskQueue}`;
