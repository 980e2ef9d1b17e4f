// Makes the import rules from the layers in scripts/layers.cjs, for `npm run check`.
const { LAYERS, EXCEPTIONS, API_FOLDERS } = require('./scripts/layers.cjs');

const inSrc = (folder) => `^src/${folder}(/|\\.)`;

const layerRules = Object.entries(LAYERS).map(([layer, { imports }]) => {
  const exceptions = EXCEPTIONS.filter(({ from }) => from === layer);
  const free = [layer, ...imports, ...exceptions.map(({ to }) => to)];
  return {
    name: `${layer}-imports`,
    severity: 'error',
    comment: `src/${layer} may import ${imports.join(', ') || 'no other layer'}.`,
    from: { path: inSrc(layer) },
    to: { path: '^(src|sandbox|demo|audit|bench|test)/', pathNot: free.map(inSrc) },
  };
});

const apiRules = Object.entries(API_FOLDERS).map(([folder, allowed]) => ({
  name: `api-${folder}-imports`,
  severity: 'error',
  comment: `src/api/${folder} knows no subject of the API.`,
  from: { path: inSrc(`api/${folder}`) },
  to: { path: '^src/', pathNot: allowed.concat(`api/${folder}`).map(inSrc) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      severity: 'error',
      comment: 'Two files import each other: join them, or move the shared part to a third file.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unused-file',
      severity: 'error',
      comment: 'Nothing imports this file.',
      from: { orphan: true, path: '^src/', pathNot: '/migrations/' },
      to: {},
    },
    {
      name: 'no-unknown-layer',
      severity: 'error',
      comment: 'scripts/layers.cjs does not name this folder.',
      from: { path: '^src/', pathNot: Object.keys(LAYERS).map(inSrc) },
      to: {},
    },
    {
      name: 'audit-imports',
      severity: 'error',
      comment: 'The auditor shares no code with the service that it audits.',
      from: { path: '^audit/' },
      to: { path: '^(src|sandbox|demo|bench|test)/' },
    },
    ...layerRules,
    ...apiRules,
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
