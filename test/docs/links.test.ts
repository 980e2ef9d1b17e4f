import { existsSync } from 'node:fs';
import path from 'node:path';
import { scripts } from '../../package.json';
import { banner } from '../../src/launcher/banner';
import { anchorsOf, linksOf, nodeScriptsOf, npmScriptsOf, pages, read, root, testsNamedIn } from './markdown';

describe.each(pages())('%s', (page) => {
  it('links to files and headings that exist', () => {
    const relative = linksOf(page).filter((target) => !/^[a-z]+:/.test(target));
    expect(relative.filter((target) => !leadsSomewhere(page, target))).toEqual([]);
  });

  it('tells to run scripts that exist', () => {
    expect(npmScriptsOf(page).filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    expect(nodeScriptsOf(page).filter((file) => !existsSync(path.join(root, sourceOf(file))))).toEqual([]);
  });

  it('names tests that exist', () => {
    expect(testsNamedIn(page).filter(({ file, name }) => !read(file).includes(name))).toEqual([]);
  });
});

describe('the README', () => {
  it('has the first purchase that npm start prints', () => {
    const printed = banner({
      apiUrl: 'http://127.0.0.1:3000',
      temporalUiUrl: undefined,
      logFolder: '',
      demo: true,
      sandbox: true,
      sandboxPage: undefined,
      operatorPassword: undefined,
    });
    const purchase = printed.slice(printed.indexOf('API=')).trim();
    expect(read('README.md')).toContain(purchase);
  });
});

describe('the settings in docs/operations.md', () => {
  it.each(['src/config/settings.ts', 'src/launcher/launcherSettings.ts'])('are those of %s', (file) => {
    const names = [...read(file).matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name);
    // NODE_ENV is Node's own.
    const undocumented = names.filter((name) => name !== 'NODE_ENV' && !documented.includes(`\`${name}\``));
    expect(names).not.toEqual([]);
    expect(undocumented).toEqual([]);
  });
});

describe('the decisions', () => {
  it('are all in their list', () => {
    const records = pages().filter((page) => /decisions\/\d/.test(page));
    const listed = linksOf('docs/decisions/README.md').map((file) => path.join('docs/decisions', file));
    expect(listed.toSorted()).toEqual(records.toSorted());
  });
});

const documented = read('docs/operations.md');

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const linked = file === '' ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(root, linked))) return false;
  return anchor === undefined || anchorsOf(linked).includes(anchor);
}

/** What is run from `dist` is built from `src`. */
function sourceOf(file: string): string {
  return file.replace(/^dist\/(.*)\.js$/, 'src/$1.ts');
}
