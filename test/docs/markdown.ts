import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '../..');

/** The pages for people, by their paths from the root. */
export function pages(): string[] {
  const below = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const docs = below.filter((file) => file.endsWith('.md')).map((file) => path.join('docs', file));
  return ['README.md', 'CONTRIBUTING.md', ...docs];
}

export function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** The targets of links and pictures, as they are written. */
export function linksOf(page: string): string[] {
  return [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => target ?? []);
}

/** The anchors that GitHub makes for the headings of a page. */
export function anchorsOf(page: string): string[] {
  return [...withoutCode(read(page)).matchAll(/^#+ (.+)$/gm)].flatMap(([, heading]) =>
    heading === undefined ? [] : anchorOf(heading),
  );
}

/** The names of the npm scripts that a page tells the reader to run. */
export function npmScriptsOf(page: string): string[] {
  const commands = read(page).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g);
  return [...commands].flatMap(([, named, short]) => named ?? short ?? []);
}

/** The script files that a page tells the reader to run with Node. */
export function nodeScriptsOf(page: string): string[] {
  return [...read(page).matchAll(/\bnode ((?:dist|scripts)\/[\w/.]+)/g)].flatMap(([, file]) => file ?? []);
}

/** The tests that a page names after a link to their file: `[x.test.ts](…) "a name", "another"`. */
export function testsNamedIn(page: string): { file: string; name: string }[] {
  const mentions = read(page).matchAll(/\]\(([^)\s]+\.test\.ts)\)((?:,? "[^"]+")+)/g);
  return [...mentions].flatMap(([, target = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].flatMap(([, name]) =>
      name === undefined ? [] : { file: path.join(path.dirname(page), target), name },
    ),
  );
}

/** Removes code blocks, because they may contain text that looks like a link or a heading. */
function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, (code) => code.slice(1, -1));
}

function anchorOf(heading: string): string {
  const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return plain.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}
