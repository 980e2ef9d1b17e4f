// Which part of the tree may import which. `npm run check` fails on any other import, and on a circle.
// docs/architecture.md draws the same data: `npm run map` writes the picture again.

/** For each layer below src, the layers that it may import. */
const LAYERS = {
  domain: [],
  config: ['domain'],
  metrics: [],
  contract: ['domain'],
  db: ['config', 'domain'],
  redis: ['config', 'domain'],
  gateways: ['config', 'domain'],
  temporal: ['config', 'contract', 'db'],
  activities: ['config', 'contract', 'db', 'domain', 'gateways', 'redis', 'temporal'],
  workflows: ['contract', 'domain'],
  worker: [
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
  api: ['config', 'contract', 'db', 'domain', 'gateways', 'metrics', 'redis', 'temporal'],
  launcher: ['config', 'contract', 'db', 'demo', 'domain', 'gateways'],
  demo: ['api', 'config', 'contract', 'db', 'domain', 'launcher'],
  ledger: ['db', 'domain', 'launcher'],
};

/** Imports beyond these, each with its reason. */
const EXCEPTIONS = [
  // Types only: Oxlint checks that.
  { from: 'workflows', to: 'activities', why: 'the signatures of the activities' },
  { from: 'launcher', to: 'api/accounts', why: "the operator's account gets a password by the same rules" },
];

/** Folders of the API that know none of its subjects, and what they may import. */
const API_FOLDERS = {
  http: ['domain'],
  problems: ['domain'],
  idempotency: ['domain', 'db', 'api/accounts/passwords'],
};

module.exports = { LAYERS, EXCEPTIONS, API_FOLDERS };
