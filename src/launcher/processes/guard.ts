import { spawn } from 'node:child_process';
import type { ProcessWatcher } from './managedProcess';

/**
 * Reads lines "+pid" and "-pid". If the writer ends without killing the guard, the guard kills the processes that are
 * still on the list and removes the folder.
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
 * Leaves nothing behind, even if this process is killed hard. A shell in its own session sees that our end of the
 * pipe is closed. It then ends our children and removes `folder`. For tests only: the launcher keeps its data.
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
