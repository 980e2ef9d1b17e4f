import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFolder } from '../../src/launcher/folders';

describe('a folder', () => {
  it('is made with the folders above it, and stays if it exists', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-folders-'));
    const deep = path.join(folder, 'a/b/c');
    makeFolder(deep);
    makeFolder(deep);
    expect(existsSync(deep)).toBe(true);
    rmSync(folder, { recursive: true });
  });

  it('that cannot be made is an error of the operating system', () => {
    expect(() => makeFolder('/proc/holdfast/a')).toThrow('ENOENT');
  });
});
