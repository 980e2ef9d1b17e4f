/* oxlint-disable typescript/unbound-method, typescript/no-unsafe-assignment, typescript/no-unsafe-argument, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-return, typescript/no-unsafe-type-assertion -- this file replaces parts of libraries that have no types */
const http = require('node:http');

/** @typedef {import('./firing.cjs').Firing} Firing */

/**
 * Puts failpoints around the calls that leave this process.
 *
 * @param {Firing} firing
 */
exports.install = function install(firing) {
  aroundStatements(firing);
  aroundRedis(firing);
  aroundTemporal(firing);
  aroundGateway(firing);
  aroundActivities(firing);
  aroundResponses(firing);
};

/** @param {string} detail */
const lostConnection = (detail) =>
  Object.assign(new Error(`read ECONNRESET (${detail})`), { code: 'ECONNRESET' });

/** @param {Firing} firing */
function aroundStatements({ pass }) {
  const { Client } = require('pg');
  const { query } = Client.prototype;
  Client.prototype.query = /** @this {any} */ function queryAtFailpoint(
    /** @type {any} */ config,
    /** @type {any} */ values,
    /** @type {any} */ done,
  ) {
    const callback = typeof values === 'function' ? values : done;
    const statement = nameOfStatement(config);
    if (typeof callback !== 'function' || statement === null) return query.call(this, config, values, done);
    const { stream } = this.connection;
    const before = pass(`before ${statement}`);
    if (before === 'fail') {
      stream.destroy();
      return callback(lostConnection('before a statement'));
    }
    // The bytes go nowhere.
    if (before === 'hang') stream.write = () => true;
    let after = /** @type {string | null} */ (null);
    const answer = (/** @type {unknown} */ error, /** @type {unknown} */ result) => {
      if (!error) after = pass(`after ${statement}`);
      if (after === 'fail') {
        stream.destroy();
        callback(lostConnection('after a statement'));
      } else if (after === 'hang') {
        // As if the response had not arrived: the client waits for it, until it gives the connection up.
        this.readyForQuery = false;
        stream.once('close', () => callback(lostConnection('no response')));
      } else callback(error, result);
    };
    return typeof values === 'function'
      ? query.call(this, config, answer)
      : query.call(this, config, values, answer);
  };
}

/** @param {any} config */
function nameOfStatement(config) {
  const text = typeof config === 'string' ? config : config?.text;
  if (config?.name) return `statement ${config.name}`;
  if (typeof text !== 'string' || /^select 1\b/i.test(text)) return null;
  const line = text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\$\d+(, \$\d+)*/g, '?')
    .replaceAll(/\btrx\d+/g, 'trx?')
    .trim();
  return `statement ${line.slice(0, 70)}`;
}

/** @param {Firing} firing */
function aroundRedis({ pass }) {
  const { Redis } = require('ioredis');
  const { sendCommand } = Redis.prototype;
  Redis.prototype.sendCommand = /** @this {any} */ function sendAtFailpoint(
    /** @type {any} */ command,
    /** @type {any} */ stream,
  ) {
    const name = nameOfCommand(this, command);
    if (name === null) return sendCommand.call(this, command, stream);
    const before = pass(`before Redis ${name}`);
    if (before === 'fail') {
      command.reject(new Error('Connection is closed.'));
      return command.promise;
    }
    if (before === 'hang') {
      if (typeof this.options.commandTimeout === 'number') command.setTimeout(this.options.commandTimeout);
      return command.promise;
    }
    const { resolve } = command;
    command.resolve = (/** @type {unknown} */ value) => {
      const after = pass(`after Redis ${name}`);
      if (after === 'fail') command.reject(new Error('Connection is closed.'));
      else if (after !== 'hang') resolve(value);
    };
    return sendCommand.call(this, command, stream);
  };
}

/** Commands of the connection itself have no failpoint. */
const OF_THE_CONNECTION = new Set([
  'info',
  'hello',
  'auth',
  'select',
  'client',
  'ping',
  'quit',
  'script',
  'subscribe',
  'ssubscribe',
  'unsubscribe',
  'sunsubscribe',
]);

/**
 * @param {any} redis
 * @param {any} command
 */
function nameOfCommand(redis, command) {
  if (OF_THE_CONNECTION.has(command.name)) return null;
  if (command.name !== 'evalsha') return command.name;
  const scripts = Object.entries(redis.scriptsSet ?? {});
  return scripts.find(([, script]) => script.sha === String(command.args[0]))?.[0] ?? 'evalsha';
}

/** @param {Firing} firing */
function aroundTemporal({ pass }) {
  const { Client } = require('@grpc/grpc-js');
  const { makeUnaryRequest } = Client.prototype;
  Client.prototype.makeUnaryRequest = /** @this {any} */ function requestAtFailpoint(
    /** @type {any[]} */ ...args
  ) {
    const [method] = args;
    const callback = args.at(-1);
    const name = `Temporal ${String(method).split('/').at(-1)}`;
    if (/GetSystemInfo|Health/.test(name) || typeof callback !== 'function')
      return makeUnaryRequest.apply(this, args);
    const status = (/** @type {number} */ code, /** @type {string} */ details) =>
      callback(Object.assign(new Error(details), { code, details, metadata: new Map() }));
    const { deadline } = args.at(-2) ?? {};
    const hang = () =>
      setTimeout(
        () => status(4, 'Deadline exceeded'),
        Math.max(0, Number(deadline ?? Date.now() + 10_000) - Date.now()),
      );
    const before = pass(`before ${name}`);
    if (before === 'fail') return status(14, 'The connection was lost');
    if (before === 'hang') return hang();
    if (before === 'twice') makeUnaryRequest.apply(this, [...args.slice(0, -1), () => undefined]);
    const answer = (/** @type {unknown} */ error, /** @type {unknown} */ response) => {
      const after = error ? null : pass(`after ${name}`);
      if (after === 'fail') status(14, 'The connection was lost');
      else if (after === 'hang') hang();
      else callback(error, response);
    };
    return makeUnaryRequest.apply(this, [...args.slice(0, -1), answer]);
  };
}

/** @param {Firing} firing */
function aroundGateway({ pass }) {
  const undici = require('undici');
  const { request } = undici;
  undici.request = /** @type {any} */ (
    async (/** @type {URL} */ url, /** @type {any} */ options) => {
      const name = `gateway ${options.method} ${patternOf(url.pathname)}`;
      const hang = async () =>
        new Promise((_, reject) =>
          options.signal.addEventListener('abort', () => reject(options.signal.reason)),
        );
      const before = pass(`before ${name}`);
      if (before === 'fail') throw lostConnection('before a request');
      if (before === 'hang') return hang();
      if (before === 'twice')
        await request(url, options).then(
          (response) => response.body.dump(),
          () => undefined,
        );
      const response = await request(url, options);
      const after = pass(`after ${name}`);
      if (after === 'fail' || after === 'hang') await response.body.dump();
      if (after === 'fail') throw lostConnection('after a request');
      return after === 'hang' ? hang() : response;
    }
  );
}

/** @param {Firing} firing */
function aroundActivities({ pass }) {
  const { ApplicationFailure } = require('@temporalio/common');
  const { Worker } = require('@temporalio/worker');
  const create = Worker.create.bind(Worker);
  Worker.create = async (options) => {
    const activities = Object.entries(/** @type {Record<string, any>} */ (options.activities ?? {}));
    const wrapped = activities.map(([name, run]) => [
      name,
      async (/** @type {unknown[]} */ ...args) => {
        const failed = () => ApplicationFailure.retryable(`the step ${name} failed at a failpoint`);
        const before = pass(`before activity ${name}`);
        if (before === 'fail') throw failed();
        if (before === 'hang') return new Promise(() => undefined);
        if (before === 'twice') await run(...args).catch(() => undefined);
        const result = await run(...args);
        const after = pass(`after activity ${name}`);
        if (after === 'fail') throw failed();
        return after === 'hang' ? new Promise(() => undefined) : result;
      },
    ]);
    return create({ ...options, activities: Object.fromEntries(wrapped) });
  };
}

/** @param {Firing} firing */
function aroundResponses({ pass }) {
  const { ServerResponse } = http;
  const { end } = ServerResponse.prototype;
  ServerResponse.prototype.end = /** @type {any} */ (
    /** @this {any} */ function endAtFailpoint(/** @type {any[]} */ ...args) {
      const { method, url } = this.req;
      if (!url.startsWith('/v1/')) return end.apply(this, args);
      const name = `response ${method} ${patternOf(url.replace(/\?.*/, ''))} ${this.statusCode}`;
      const before = pass(`before ${name}`);
      if (before === 'fail') return this.socket?.destroy();
      if (before === 'hang') return this;
      const ended = end.apply(this, args);
      pass(`after ${name}`);
      return ended;
    }
  );
}

/** @param {string} pathname */
function patternOf(pathname) {
  return pathname.replaceAll(/\/[^/]*\d[^/]*(?=\/|$)/g, (part) => (/^\/v\d$/.test(part) ? part : '/{id}'));
}
