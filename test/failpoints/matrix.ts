import { createHash } from 'node:crypto';
import { countUnfinished } from '../../src/db/payments/gatewayWork';
import { openRows } from '../chaos/promises';
import type { Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import type { StackProcess } from '../support/stackProcess';
import { kindsAt, type Cell, type Failpoints } from './failpoints';
import { SCENARIOS } from './scenarios';

/** Holds end at their time. A sweep, or a worker that was killed, may need a minute more. */
const QUIET_WITHIN_MS = 180_000;

/** What came of one cell. */
export interface Outcome extends Cell {
  scenario: string;
  isReached: boolean;
  seconds: number;
  /** What the client saw and must not see. */
  faults: string[];
}

/** A cell, and the first scenario that passes its failpoint. */
export interface PlannedCell extends Cell {
  scenario: string;
}

/** Plays each scenario twice without a fault. Every failpoint on its way becomes a row of the matrix. */
export async function planCells(service: Service, failpoints: Failpoints): Promise<PlannedCell[]> {
  const cells = new Map<string, PlannedCell[]>();
  for (const [scenario, prepare] of Object.entries(SCENARIOS)) {
    // The first time, caches are empty.
    for (let times = 0; times < 2; times += 1) {
      const faults: string[] = [];
      const act = await prepare(service, faults);
      await failpoints.passed();
      await act();
      if (faults.length > 0) throw new Error(`without a fault, ${scenario}: ${faults.join(', ')}`);
      for (const point of await failpoints.passed()) {
        if (!cells.has(point))
          cells.set(
            point,
            kindsAt(point).map((kind) => ({ point, kind, scenario })),
          );
      }
    }
  }
  return [...cells.values()].flat();
}

/** The same seed gives the same order. */
export function shuffled(cells: readonly PlannedCell[], seed: number): PlannedCell[] {
  const place = ({ point, kind }: Cell): string =>
    createHash('sha256').update(`${seed} ${point} ${kind}`).digest('hex');
  return cells.toSorted((a, b) => place(a).localeCompare(place(b)));
}

/** The number of cells at the same time. Most of them wait for a process that is away, or for a timeout. */
const AT_ONCE = 6;

/**
 * Plays the scenario of each cell while its failpoint is armed, some at the same time.
 *
 * @param signal no further cell begins after it
 */
export async function playCells(
  service: Service,
  failpoints: Failpoints,
  cells: readonly PlannedCell[],
  { signal, note }: { signal: AbortSignal; note: (outcome: Outcome) => void },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const left = [...cells];
  const armed = new Set<string>();
  const playOn = async (): Promise<void> => {
    while (!signal.aborted) {
      const index = left.findIndex(({ point }) => !armed.has(point));
      const [cell] = index < 0 ? [] : left.splice(index, 1);
      if (!cell) return;
      armed.add(cell.point);
      const outcome = await play(service, failpoints, cell);
      armed.delete(cell.point);
      outcomes.push(outcome);
      note(outcome);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playOn));
  return outcomes;
}

/** A process may be away while the scenario is prepared: another cell has killed or frozen it. */
const PREPARED_WITHIN_MS = 120_000;

async function play(service: Service, failpoints: Failpoints, planned: PlannedCell): Promise<Outcome> {
  const { scenario, ...cell } = planned;
  const prepare = SCENARIOS[scenario];
  if (!prepare) throw new Error(`no scenario is named ${scenario}`);
  const faults: string[] = [];
  const act = await eventually(async () => prepare(service, faults), PREPARED_WITHIN_MS);
  const began = performance.now();
  const isReached = await failpoints.during(cell, act);
  return { ...planned, isReached, seconds: (performance.now() - began) / 1_000, faults };
}

/**
 * The SDK reports this as non-determinism if a worker stood still during a step, and its result came while the run was
 * replayed: https://github.com/temporalio/sdk-rust/pull/1304. If a step were really missing, its work would stay open.
 */
const LATE_RESULT = /Missing associated machine for LocalActivity/;

/** What is wrong after the cells: open rows, work at the gateway, and everything that the audit finds. */
export async function faultsAfter(service: Service, others: readonly StackProcess[]): Promise<string[]> {
  const db = service.stack.ownerDb;
  let left: unknown[] = [];
  const isQuiet = async (): Promise<void> => {
    left = [...(await openRows(db)), ...(await countUnfinished(db))];
    if (left.length > 0) throw new Error('something is open');
  };
  await eventually(isQuiet, QUIET_WITHIN_MS).catch(() => undefined);
  const faults = (await service.faults(others)).filter((fault) => !LATE_RESULT.test(fault));
  return [...left.map((row) => `still open: ${JSON.stringify(row)}`), ...faults];
}
