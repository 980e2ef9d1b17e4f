// death.test.ts preloads this file: at SIGUSR2 the worker fails as it does when it can no longer poll.
const { Worker } = require('@temporalio/worker');

const create = Worker.create.bind(Worker);
Worker.create = async (options) => {
  const worker = await create(options);
  process.once('SIGUSR2', () => worker.unexpectedErrorSubject.error(new Error('no more polling')));
  return worker;
};
