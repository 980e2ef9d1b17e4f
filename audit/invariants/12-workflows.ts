import { z } from 'zod';
import type { Evidence } from '../evidence/evidence';

const OPEN: ReadonlySet<string> = new Set(['HELD', 'PAYING', 'SETTLING']);

/** Workflows that a schedule starts again and again. A run fails or times out while Postgres is away for long. */
const BY_THE_CLOCK: ReadonlySet<string> = new Set([
  'sweep',
  'housekeeping',
  'reconciliation',
  'gatewayReconciliation',
]);

/** The workflow of a reservation that was never granted ends so; no reservation has this status. */
const ENDED_WITHOUT_HOLD = 'REFUSED';

/**
 * Invariant 12: every open reservation has an open workflow, and the other way round; no workflow has failed; and a workflow
 * that has ended shows the status that Postgres has.
 */
export async function workflows(evidence: Evidence): Promise<string[]> {
  if (!evidence.workflows) return [];
  const faults: string[] = [];
  const rows = await evidence.snapshot.read(STATUSES, z.object({ id: z.string(), status: z.string() }));
  const expected = new Map(rows.map(({ id, status }) => [`reservation-${id}`, status]));
  const running = new Set<string>();
  /** Types of which a later run has completed: Temporal lists the newest run first. */
  const repaired = new Set<string>();
  for (const { workflowId, type, status, shown } of await evidence.workflows.list()) {
    const isReservation = type === 'reservation';
    if (status === 'COMPLETED' && BY_THE_CLOCK.has(type)) repaired.add(type);
    if (status === 'RUNNING') {
      if (isReservation) running.add(workflowId);
    } else if (status === 'TERMINATED' || status === 'CONTINUED_AS_NEW') {
      // An operator, or an API that starts again, may terminate a run: the rows say what another run goes on with.
    } else if ((status === 'TIMED_OUT' || status === 'FAILED') && repaired.has(type)) {
      // A later run of the schedule has done the work.
    } else if (status !== 'COMPLETED') {
      faults.push(`workflow ${workflowId} is ${status}`);
    } else if (
      shown !== null &&
      shown !== ENDED_WITHOUT_HOLD &&
      shown !== endedAs(expected.get(workflowId))
    ) {
      faults.push(`workflow ${workflowId} ended ${shown}, Postgres says ${expected.get(workflowId)}`);
    }
  }
  for (const [id, status] of expected) {
    if (OPEN.has(status) && !running.has(id)) faults.push(`${id} is open and no workflow runs`);
  }
  for (const id of running) {
    if (!OPEN.has(expected.get(id) ?? '')) faults.push(`workflow ${id} runs without an open reservation`);
  }
  return faults;
}

/** A later cancellation is a workflow of its own. */
const endedAs = (status: string | undefined): string | undefined =>
  status === 'CANCELLED' ? 'CONFIRMED' : status;

const STATUSES = 'SELECT id, status FROM reservations';

/** Invariant 12: no workflow task has failed for non-determinism. */
export async function nonDeterminism({ serviceLogs }: Evidence): Promise<string[]> {
  const faults: string[] = [];
  for (const log of serviceLogs) {
    if (await log.has((line) => /nondeterminis|TMPRL1100/i.test(line))) {
      faults.push(`${log.file} reports non-determinism`);
    }
  }
  return faults;
}
