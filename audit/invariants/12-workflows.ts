import type { Evidence, Records } from '../evidence/evidence';
import type { ListedWorkflow, Workflows } from '../evidence/workflows';

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
 * Invariant 12: every open reservation has an open workflow, and the other way round; no workflow has failed; and a
 * workflow that has ended shows the status that Postgres has.
 */
export async function workflows(evidence: {
  reservations: Evidence['reservations'];
  workflows: Pick<Workflows, 'list'> | null;
}): Promise<string[]> {
  if (!evidence.workflows) return [];
  const faults: string[] = [];
  const expected = new Map(
    [...evidence.reservations].map(([id, { status }]) => [`reservation-${id}`, status]),
  );
  const running = new Set<string>();
  /** Schedules of which a later run has completed: Temporal lists the newest run first. */
  const repaired = new Set<string>();
  for (const workflow of await evidence.workflows.list()) {
    const { workflowId, type, status, shown } = workflow;
    const isReservation = type === 'reservation';
    const schedule = scheduleOf(workflow);
    if (status === 'COMPLETED' && schedule !== null) repaired.add(schedule);
    if (status === 'RUNNING') {
      if (isReservation) running.add(workflowId);
    } else if (status === 'TERMINATED' || status === 'CONTINUED_AS_NEW') {
      // An operator, or an API that starts again, may terminate a run: the rows say what another run goes on with.
    } else if (
      (status === 'TIMED_OUT' || status === 'FAILED') &&
      schedule !== null &&
      repaired.has(schedule)
    ) {
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

/** The runs of one schedule have one id but for the time; those of one gateway's comparison have one id. */
const scheduleOf = ({ workflowId, type }: ListedWorkflow): string | null =>
  BY_THE_CLOCK.has(type) ? workflowId.replace(/-\d{4}-\d\d-\d\dT[\d:]+Z$/, '') : null;

/**
 * A late result of a step, if a worker stood still meanwhile and the run is replayed
 * (https://github.com/temporalio/sdk-rust/pull/1304). It may also be a step that the code no longer has. So it counts,
 * but another line says more.
 */
const MAYBE_LATE_RESULT = /Missing associated machine for LocalActivity/;

const isNonDeterminism = (line: string): boolean => /nondeterminis|TMPRL1100/i.test(line);

/** Invariant 12: no workflow task has failed for non-determinism. */
export async function nonDeterminism({ serviceLogs }: Records): Promise<string[]> {
  const faults: string[] = [];
  for (const log of serviceLogs) {
    const line =
      (await log.find((text) => isNonDeterminism(text) && !MAYBE_LATE_RESULT.test(text))) ??
      (await log.find(isNonDeterminism));
    if (line !== undefined) faults.push(`${log.file} reports non-determinism: ${line}`);
  }
  return faults;
}
