export const RECONCILIATION_WORKFLOW = 'reconciliation';
export const GATEWAY_RECONCILIATION_WORKFLOW = 'gatewayReconciliation';

/** One runs at a time for each gateway of a task queue. */
export const gatewayReconciliationWorkflowId = (gateway: string, taskQueue: string): string =>
  `reconciliation-${gateway}-${taskQueue}`;
