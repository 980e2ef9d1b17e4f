import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      link: z.boolean().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
    }),
  ),
});

const { packages } = lockSchema.parse(
  JSON.parse(readFileSync(path.resolve(__dirname, '../../package-lock.json'), 'utf8')),
);
/** All packages except the project itself. */
const locked = Object.entries(packages).filter(([folder]) => folder !== '');

describe('the lock file', () => {
  it('has a hash for every package, also for other platforms', () => {
    const without = locked.filter(([, { link, integrity }]) => !link && !integrity?.startsWith('sha512-'));
    // npm leaves out the hash of a package that it took from an installed tree. Remove those entries and run `npm
    // install --package-lock-only`, which gets them from the registry again.
    expect(without.map(([folder]) => folder)).toEqual([]);
    expect(locked.length).toBeGreaterThan(100);
  });

  it('names only the public registry', () => {
    const elsewhere = locked.filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    );
    expect(elsewhere).toEqual([]);
  });
});
