// npm run map: writes the diagram and the table of scripts/layers.cjs into docs/architecture.md. With --check it
// writes nothing, and fails if the page differs.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import layers from './layers.cjs';
import { fail, root } from './setUp.mjs';

const { LAYERS, EXCEPTIONS } = layers;
const PAGE = path.join(root, 'docs/architecture.md');
const [BEGIN, END] = ['<!-- begin: npm run map -->', '<!-- end: npm run map -->'];

const page = readFileSync(PAGE, 'utf8');
const [before, rest = ''] = page.split(BEGIN);
const [, after] = rest.split(END);
if (after === undefined) fail(`${PAGE} has no place for the map: ${BEGIN} ... ${END}`);
const options = { ...(await resolveConfig(PAGE)), filepath: PAGE };
const wanted = await format(`${before}${BEGIN}\n\n${picture()}\n\n${table()}\n\n${END}${after}`, options);
if (process.argv.includes('--check')) {
  if (wanted !== page)
    fail('docs/architecture.md differs from the layers in scripts/layers.cjs: run npm run map');
} else {
  writeFileSync(PAGE, wanted);
}

/** Leaves out an arrow that follows from two others, because it would only hide them. */
function picture() {
  const arrows = Object.entries(LAYERS).flatMap(([layer, { imports }]) =>
    imports
      .filter((other) => !imports.some((between) => between !== other && reaches(between, other)))
      .map((other) => `    ${layer} --> ${other}`),
  );
  const types = EXCEPTIONS.filter(({ to }) => to in LAYERS).map(
    ({ from, to }) => `    ${from} -. types .-> ${to}`,
  );
  return ['```mermaid', 'flowchart TD', ...arrows, ...types, '```'].join('\n');
}

/**
 * @param {string} from
 * @param {string} to
 * @returns {boolean}
 */
function reaches(from, to) {
  const imports = LAYERS[from]?.imports ?? [];
  return imports.includes(to) || imports.some((between) => reaches(between, to));
}

function table() {
  const rows = Object.entries(LAYERS).map(([layer, { holds, imports }]) => {
    const others = EXCEPTIONS.filter(({ from }) => from === layer).map(({ to, why }) => `\`${to}\` (${why})`);
    const all = [...imports.map((other) => `\`${other}\``), ...others];
    return `| \`src/${layer}\` | ${holds} | ${all.join(', ') || 'none'} |`;
  });
  return ['| folder | what is in it | may import |', '| --- | --- | --- |', ...rows].join('\n');
}
