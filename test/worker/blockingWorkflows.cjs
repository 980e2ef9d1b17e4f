// death.test.ts preloads this file: no workflow returns from its first step.
const { isMainThread } = require('node:worker_threads');

if (!isMainThread) {
  const { BaseVMWorkflow } = require('@temporalio/worker/lib/workflow/vm-shared');
  BaseVMWorkflow.prototype.activate = () => {
    for (;;);
  };
}
