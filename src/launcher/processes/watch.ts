import { spawnSync } from 'node:child_process';
import { watch } from 'node:fs';
import path from 'node:path';
import { reasonOf, type Report } from '../failure';
import { repositoryRoot } from '../../config/repository';
import type { SupervisedPart } from './supervisor';

/** An editor saves in several steps. */
const SETTLE_MS = 300;

/** Their code is in these folders. */
const FOLDERS = ['src', 'sandbox'];

/** `npm run dev`: after a change of their code, it builds and restarts the API, the worker and the gateway. */
export function restartOnChange(services: readonly SupervisedPart[], report: Report): void {
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      work = work.then(() => rebuild(services, report));
    }, SETTLE_MS);
  };
  for (const folder of FOLDERS) watch(path.join(repositoryRoot(), folder), { recursive: true }, changed);
}

async function rebuild(services: readonly SupervisedPart[], report: Report): Promise<void> {
  report('A source file changed: building ...');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: repositoryRoot(),
    stdio: 'inherit',
  });
  if (status !== 0) {
    report('The build failed; the code from before the change still runs.');
    return;
  }
  try {
    await Promise.all(services.map((service) => service.restart()));
    report('Restarted with the change.');
  } catch (error) {
    report(reasonOf(error));
  }
}
