import { existsSync } from 'node:fs';
import path from 'node:path';
import { scripts } from '../../package.json';
import { banner } from '../../src/launcher/start/banner';
import { PERIODIC_WORKFLOWS } from '../../src/worker/temporalSchedules';
import { anchorsOf, linksOf, nodeScriptsOf, npmScriptsOf, pages, read, root, testsNamedIn } from './markdown';

describe.each(pages())('%s', (page) => {
  it('links to files and headings that exist', () => {
    const relative = linksOf(page).filter((target) => !/^[a-z]+:/.test(target));
    expect(relative.filter((target) => !leadsSomewhere(page, target))).toEqual([]);
  });

  it('names only scripts that exist', () => {
    expect(npmScriptsOf(page).filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    expect(nodeScriptsOf(page).filter((file) => !existsSync(path.join(root, sourceOf(file))))).toEqual([]);
  });

  it('names only tests that exist', () => {
    expect(testsNamedIn(page).filter(({ file, name }) => !read(file).includes(name))).toEqual([]);
  });
});

describe('the README', () => {
  it('contains the first purchase that npm start prints', () => {
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
  it.each(['src/config/settings.ts', 'src/launcher/start/launcherSettings.ts'])(
    'include those of %s',
    (file) => {
      const names = [...read(file).matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name);
      // NODE_ENV belongs to Node.
      const undocumented = names.filter((name) => name !== 'NODE_ENV' && !documented.includes(`\`${name}\``));
      expect(names).not.toEqual([]);
      expect(undocumented).toEqual([]);
    },
  );
});

describe('docs/operations.md', () => {
  it('names the settings that docker-compose.yml passes on', () => {
    const [, services = ''] = read('docker-compose.yml').split('x-service-settings:');
    const passedOn = new Set([...services.matchAll(/\$\{([A-Z_]+):-/g)].map(([, name = '']) => name));
    const [, section = ''] = documented.split('Of the settings above, compose passes on');
    const [list = ''] = section.split('The sandbox gateway runs while');
    // Only the gateway uses these; `scripts/secrets.mjs` makes them.
    const own = new Set(['SANDBOX_SECRET', 'SANDBOX_WEBHOOK_SECRET']);
    expect([...list.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name).toSorted()).toEqual(
      [...passedOn].filter((name) => !own.has(name)).toSorted(),
    );
  });

  it.each(PERIODIC_WORKFLOWS.map(({ workflow }) => workflow))('describes the schedule %s', (workflow) => {
    expect(documented).toContain(`| \`${workflow}-<taskQueue>\``);
  });
});

describe('the decisions', () => {
  it('are all in the list of decisions', () => {
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

/** `dist` mirrors the source tree. */
function sourceOf(file: string): string {
  return file.replace(/^dist\/(.*)\.js$/, '$1.ts');
}
