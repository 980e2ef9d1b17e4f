import { spawn } from 'node:child_process';
import type { ProcessWatcher } from './managedProcess';

/**
 * Reads "+pid", "-pid" lines; when the writer is gone without having killed the guard, it kills what is still
 * on the list and removes the folder.
 */
const SCRIPT = `
pids=" "
while read -r line; do
  pid="\${line#?}"
  case "$line" in
    +*) pids="$pids$pid " ;;
    -*) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
[ -n "\${pids# }" ] && kill -9 $pids
sleep 0.2
rm -rf -- "$1"
`;

/**
 * Leaves nothing behind even when this process is killed hard: a shell in a session of its own sees our end
 * of the pipe close, ends our children and removes `folder`. For tests; the launcher's own data stays.
 */
export function createGuard(folder: string): ProcessWatcher & { dismiss(): void } {
  const guard = spawn('sh', ['-c', SCRIPT, 'guard', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.stdin.on('error', () => undefined);
  return {
    started: (managed) => guard.stdin.write(`+${managed.identity.pid}\n`),
    ended: (managed) => guard.stdin.write(`-${managed.identity.pid}\n`),
    dismiss: () => guard.kill('SIGKILL'),
  };
}
