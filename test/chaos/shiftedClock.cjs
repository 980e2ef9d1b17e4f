// clocks.test.ts preloads this file: the clock of the process is CLOCK_AHEAD_MS ahead, or behind if that is negative.
const { isMainThread } = require('node:worker_threads');

// Temporal gives workflows their time, in threads of their own.
if (isMainThread) {
  const aheadMs = Number(process.env['CLOCK_AHEAD_MS']);
  // oxlint-disable-next-line typescript/unbound-method -- it needs no `this`
  const { now: rightNow } = Date;
  const now = () => rightNow() + aheadMs;
  Date.now = now;
  globalThis.Date = new Proxy(Date, {
    construct: (date, values, target) =>
      // oxlint-disable-next-line typescript/no-unsafe-return -- it is a Date
      Reflect.construct(date, values.length === 0 ? [now()] : values, target),
    apply: () => new Date().toString(),
  });
}
