// The layers of Holdfast, and the imports that each layer may have. `npm run check` fails on any other import. `npm
// run map` draws the layers in docs/architecture.md.

/**
 * Each folder of src: what it contains, and the other folders that it may import.
 *
 * @type {Record<string, { holds: string, imports: string[] }>}
 */
const LAYERS = {
  api: {
    holds:
      'the Koa app. One folder for each subject: routes, schemas, presenters, and the paths of its requests',
    imports: ['config', 'contract', 'db', 'domain', 'gateways', 'metrics', 'redis', 'temporal'],
  },
  workflows: {
    holds:
      'deterministic code, one workflow in a file; `lib` has what they share: steps, saga, failures, required steps',
    imports: ['contract', 'domain'],
  },
  activities: {
    holds: 'the steps of the workflows, made by `createActivities(dependencies)`',
    imports: ['config', 'contract', 'db', 'domain', 'gateways', 'redis', 'temporal'],
  },
  worker: {
    holds: 'the worker process: start, versions, schedules, health and metrics',
    imports: [
      'activities',
      'config',
      'contract',
      'db',
      'domain',
      'gateways',
      'metrics',
      'redis',
      'temporal',
      'workflows',
    ],
  },
  contract: {
    holds:
      'what the API and the workflows share: names, ids, inputs and results, search attributes, refusals',
    imports: ['domain'],
  },
  domain: {
    holds:
      'pure rules: money, holds, cancellation terms, the state table, seating plans, the gateway interface',
    imports: [],
  },
  db: { holds: 'Postgres: migrations, and one store for each subject', imports: ['config', 'domain'] },
  redis: {
    holds: 'Redis: seat claims, caches, the queue and rate limits, each with its Lua',
    imports: ['config', 'domain'],
  },
  temporal: {
    holds: 'how workflows, schedules and versions are started and changed at Temporal',
    imports: ['config', 'contract', 'db'],
  },
  gateways: {
    holds: 'the clients of the payment gateways, and the circuit breaker',
    imports: ['config', 'domain'],
  },
  config: { holds: 'settings, logging, connections to Temporal', imports: ['domain'] },
  metrics: { holds: 'gauges that are read when Prometheus asks', imports: [] },
  launcher: {
    holds: '`npm start`: finds, starts, watches and stops every part',
    imports: ['config', 'contract', 'db', 'demo', 'domain', 'gateways'],
  },
  demo: { holds: 'the demo catalogue', imports: ['api', 'config', 'db', 'domain'] },
};

/** Allowed imports beyond these, each with its reason. */
const EXCEPTIONS = [
  // Only types: Oxlint checks that.
  { from: 'workflows', to: 'activities', why: 'the signatures of the activities' },
  { from: 'launcher', to: 'api/accounts', why: "the operator's account gets a password by the same rules" },
];

/** Folders of the API that do not know its subjects, and what they may import. */
const API_FOLDERS = {
  http: ['domain', 'api/idempotency'],
  problems: ['domain'],
  idempotency: ['domain', 'db', 'api/accounts/passwords'],
};

module.exports = { LAYERS, EXCEPTIONS, API_FOLDERS };
