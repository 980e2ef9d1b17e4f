import { isDeepStrictEqual } from 'node:util';
import type { Knex } from 'knex';
import { readSeatMap } from '../../e2e/sale';
import type { Service } from '../../e2e/service';
import { eventually } from '../../support/eventually';
import type { StackProcess } from '../../support/stackProcess';
import { countUnfinished } from '../../../src/db/payments/gatewayWork';
import type { Crowd } from '../crowd';
import { brokenPromises, openRows, unknownHolds } from '../promises';
import type { SeatFollower } from '../seatFollower';

/** Holds end at their time. A worker that was killed last may need a minute until it takes work. */
const OPEN_FOR_MS = 180_000;
/** A refund that the gateway refuses is tried again after 10 s, then after 20 s, and so on. */
const UNFINISHED_FOR_MS = 180_000;
/** The event stream sends a change within a second, even if the announcement was lost. */
const FOLLOWED_WITHIN_MS = 10_000;

export interface Checked {
  service: Service;
  secondWorker: StackProcess;
  crowd: Crowd;
  followers: readonly SeatFollower[];
  scheduleId: string;
}

/**
 * Checks what a run has left, for when its load has ended.
 *
 * @returns what is wrong, in words
 */
export async function checkRun(checked: Checked): Promise<string[]> {
  const { service, secondWorker, crowd } = checked;
  const db = service.stack.ownerDb;
  await crowd.askAgain();
  const findings = [
    ...(await stillThere('an open reservation', OPEN_FOR_MS, async () => openRows(db))),
    ...(await stillThere('unfinished work at the gateway', UNFINISHED_FOR_MS, async () => [
      ...(await countUnfinished(db)),
    ])),
    ...(await brokenPromises(db, crowd)),
    ...(await unknownHolds(db, crowd)).map((id) => `no client knows reservation ${id}`),
    ...(await differences(db)),
    ...(await wrongMaps(checked)),
    ...(await service.faults([secondWorker])),
  ];
  return [...crowd.faults, ...findings];
}

/** Waits until nothing is left. */
async function stillThere(what: string, withinMs: number, read: () => Promise<unknown[]>): Promise<string[]> {
  let left: unknown[] = [];
  const isGone = async (): Promise<void> => {
    left = await read();
    if (left.length > 0) throw new Error(what);
  };
  const gone = await eventually(isGone, withinMs).then(
    () => true,
    () => false,
  );
  return gone ? [] : left.map((row) => `${what} is left: ${JSON.stringify(row)}`);
}

/** The reconciliation looks at money that moved 15 minutes ago. By then, both books agree. */
async function differences(db: Knex): Promise<string[]> {
  const rows = await db('differences').select<unknown[]>('*');
  return rows.map((row) => `the reconciliation found ${JSON.stringify(row)}`);
}

/** Compares the maps that followers of the event stream have drawn with the seat map. */
async function wrongMaps({ service, followers, scheduleId }: Checked): Promise<string[]> {
  const faults: string[] = [];
  for (const [index, follower] of followers.entries()) {
    faults.push(...follower.faults);
    const isRight = async (): Promise<void> => {
      const { seats } = await readSeatMap(service.client, scheduleId);
      const wanted = new Map(seats.map(({ seatId, status }) => [seatId, status]));
      if (!isDeepStrictEqual(follower.map, wanted)) throw new Error('the maps differ');
    };
    await eventually(isRight, FOLLOWED_WITHIN_MS).catch((error: unknown) =>
      faults.push(`follower ${index + 1} of the event stream: ${String(error)}`),
    );
  }
  return faults;
}
