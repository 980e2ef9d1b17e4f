// death.test.ts preloads this file: the first step in each workflow thread takes some seconds.
const { AsyncLocalStorage } = require('node:async_hooks');
const { isMainThread } = require('node:worker_threads');
const vm = require('node:vm');

if (!isMainThread) {
  // A step of a workflow is a microtask within a storage, as this loop is.
  const storage = new AsyncLocalStorage();
  const loop = new vm.Script(
    'Promise.resolve().then(() => { for (let turn = 0; turn < 3_000_000_000; turn += 1); })',
  );
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
  const { runInContext } = vm.Script.prototype;
  let isFirst = true;
  vm.Script.prototype.runInContext = function (context, options) {
    // oxlint-disable-next-line typescript/no-unsafe-member-access -- the SDK puts the name of its call here
    if (isFirst && context['__temporal_args']?.[1] === 'activate') {
      isFirst = false;
      storage.run(null, () => {
        loop.runInContext(context, options);
      });
    }
    // oxlint-disable-next-line typescript/no-unsafe-return -- whatever the script returns
    return runInContext.call(this, context, options);
  };
}
