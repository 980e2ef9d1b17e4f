import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { transform } from '@swc/core';
import { z } from 'zod';
import type { Breakage } from './breakage';

const ROOT = path.resolve(__dirname, '../..');
/** Files that are made again in the copy, shared with it, or not needed there. */
const NOT_COPIED = /^(node_modules|coverage|\.git|\.data.*)$/;
/** Files that the build compiles into `dist`, or copies as they are. */
const COMPILED = /^(src|sandbox|demo|audit)\/.*\.ts$/;
const COPIED = /^src\/.*\.lua$/;

const resultsSchema = z.object({
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) }),
  ),
});

/** A copy of the tree to break. */
export interface BrokenCopy {
  /**
   * Applies the edits for as long as the work takes.
   *
   * @throws if a `find` is not in its file exactly once
   */
  broken<Result>(edits: Breakage['edits'], work: () => Promise<Result>): Promise<Result>;
  /** Runs tests by their full names. @returns `passed` or `failed` for each that ran within the limit */
  test(suites: readonly string[], names: readonly string[], limitMs: number): Promise<Record<string, string>>;
  remove(): Promise<void>;
}

export async function copyTree(): Promise<BrokenCopy> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-breakage-'));
  // Postgres may run under another user, and must reach its data.
  await chmod(folder, 0o755);
  for (const name of await readdir(ROOT)) {
    if (!NOT_COPIED.test(name)) await cp(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));

  /**
   * Tests start processes from `dist`, so what is broken must be broken there too. The workflow bundle stays as it is.
   */
  async function build(file: string): Promise<void> {
    const source = path.join(folder, file);
    if (COPIED.test(file)) await copyFile(source, path.join(folder, 'dist', file));
    if (!COMPILED.test(file)) return;
    const { code } = await transform(await readFile(source, 'utf8'), {
      filename: file,
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    await writeFile(path.join(folder, 'dist', file.replace(/\.ts$/, '.js')), code);
  }

  return {
    async broken(edits, work) {
      const originals = new Map<string, string>();
      try {
        for (const { file, find, replace } of edits) {
          const text = await readFile(path.join(folder, file), 'utf8');
          if (text.split(find).length !== 2) throw new Error(`${file} has no longer exactly once: ${find}`);
          originals.set(file, originals.get(file) ?? text);
          await writeFile(
            path.join(folder, file),
            text.replace(find, () => replace),
          );
        }
        for (const file of originals.keys()) await build(file);
        return await work();
      } finally {
        for (const [file, text] of originals) {
          await writeFile(path.join(folder, file), text);
          await build(file);
        }
      }
    },

    async test(suites, names, limitMs) {
      const outputFile = path.join(folder, 'results.json');
      await rm(outputFile, { force: true });
      const pattern = `^(${names.map(escapeRegExp).join('|')})$`;
      const args = [
        '--selectProjects',
        'all',
        '--json',
        `--outputFile=${outputFile}`,
        '--silent',
        '-t',
        pattern,
        ...suites,
      ];
      const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
      const child = spawn(process.execPath, [jest, ...args], { cwd: folder, stdio: 'ignore' });
      const timer = setTimeout(() => child.kill('SIGTERM'), limitMs);
      await once(child, 'exit');
      clearTimeout(timer);
      const results = await readResults(outputFile);
      // A run that died from the fault has also noticed it: the native core of Temporal can kill Jest too.
      if (!results) return Object.fromEntries(names.map((name) => [name, 'failed']));
      return Object.fromEntries(
        results
          .filter(({ fullName }) => names.includes(fullName))
          .map(({ fullName, status }) => [fullName, status]),
      );
    },

    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/** @returns null if Jest ended without writing results */
async function readResults(file: string) {
  if (!existsSync(file)) return null;
  const { testResults } = resultsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  return testResults.flatMap((suite) => suite.assertionResults);
}
