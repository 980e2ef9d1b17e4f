import { lineAbout, misspeltIn } from '../../src/config/misspelt';
import { read } from '../docs/markdown';

const nearestTo = (name: string): string | undefined => misspeltIn({ [name]: 'x' })[0]?.nearest;

describe('a misspelt setting', () => {
  it.each([
    ['HOLD_SECOND', 'HOLD_SECONDS'],
    ['RATE_LIMIT_FACTR', 'RATE_LIMIT_FACTOR'],
    ['HOLD_TIME', 'HOLD_SECONDS'],
    ['HOLDFAST_CACHE', 'HOLDFAST_CACHE_DIR'],
    ['TEMPORAL_ADRESS', 'TEMPORAL_ADDRESS'],
    ['REDIS_URI', 'REDIS_URL'],
    ['hold_seconds', 'HOLD_SECONDS'],
    ['port', 'PORT'],
  ])('%s is reported with the nearest name, %s', (name, nearest) => {
    expect(nearestTo(name)).toBe(nearest);
  });

  it('is reported without its value, which may be a secret', () => {
    const [misspelt] = misspeltIn({ OPERATOR_PASWORD: 'my own password' });
    expect(misspelt && lineAbout(misspelt)).toBe(
      'OPERATOR_PASWORD is no setting of Holdfast and has no effect; the nearest name is OPERATOR_PASSWORD',
    );
  });
});

describe('a variable of another program', () => {
  it.each(['HOSTNAME', 'PATH', 'HOME', 'LOGNAME', 'PORTS', 'REDIS_SERVICE_HOST', 'REDIS_PORT_6379_TCP_ADDR'])(
    '%s is not reported',
    (name) => {
      expect(nearestTo(name)).toBeUndefined();
    },
  );

  it('does not include any setting that docs/operations.md lists', () => {
    const table = read('docs/operations.md').split('## Settings')[1]?.split('\n## ')[0] ?? '';
    const rows = table.split('\n').filter((line) => line.startsWith('|'));
    const names = [...rows.join('\n').matchAll(/`([A-Z][A-Z_]{3,})`/g)].flatMap(([, name]) => name ?? []);
    expect(names).toContain('HOLDFAST_CACHE_DIR');
    expect(misspeltIn(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([]);
  });
});
