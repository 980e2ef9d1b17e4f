import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createActivities } from '../../src/activities';
import { POSTS } from '../e2e/posts';
import { createFixture } from '../support/fixture';

const SOURCE = path.join(__dirname, '..', '..', 'src');

/** The parts of failpoints that must exist, from the source of the service. */
export async function namedSteps(): Promise<string[]> {
  const files = (await readdir(SOURCE, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const sources = await Promise.all(files.map(async (file) => readFile(path.join(SOURCE, file), 'utf8')));
  const source = sources.join('\n');
  const all = (pattern: RegExp): string[] => [...source.matchAll(pattern)].flatMap(([, name]) => name ?? []);
  const fixture = await createFixture();
  const activities = Object.keys(createActivities(fixture.dependencies));
  await fixture.drop();
  return [
    ...all(/\.options\(\{ name: ['`]([\w-]+)/g).map((name) => `statement ${name}`),
    ...all(/defineCommand\('(\w+)'/g).map((name) => `Redis ${name}`),
    ...activities.map((name) => `activity ${name}`),
    ...Object.keys(POSTS).map((route) => `response POST ${route.replaceAll(/\{\w+\}/g, '{id}')}`),
  ];
}

const OPENING = 'an opening is planned long before; test/workflows/openings lets each of its steps fail';
const RECONCILIATION = 'runs after the response; test/workflows/reconciliation lets it fail';
const SEAT_MAP = 'a cache; the process reads Postgres instead';
const REPAIR = 'only after a step whose response was lost; test/workflows/payments lets it fail';
const SWEEP = 'runs on a schedule; test/workflows/operations/sweep.test.ts lets it fail';
const LATE = 'only for money that comes too late; test/workflows/payments lets it fail';

/** Steps that a scenario may leave out, and why. */
export const NOT_ON_THE_WAY: Readonly<Record<string, string>> = {
  'Redis moveFromLobby': OPENING,
  'Redis openRoom': OPENING,
  'Redis publishSeatMap': SEAT_MAP,
  'Redis readSeatMap': SEAT_MAP,
  'activity adoptCancellations': SWEEP,
  'activity adoptOpenings': SWEEP,
  'activity adoptShows': SWEEP,
  'activity adoptStranded': SWEEP,
  'activity withdrawForgotten': SWEEP,
  'activity beginReconciliation': RECONCILIATION,
  'activity closeLobby': OPENING,
  'activity compareAttempts': RECONCILIATION,
  'activity compareEarlierAttempts': RECONCILIATION,
  'activity compareJournals': RECONCILIATION,
  'activity compareSales': RECONCILIATION,
  'activity compareStrangeCharges': RECONCILIATION,
  'activity findOpenPayment': REPAIR,
  'activity finishReconciliation': RECONCILIATION,
  'activity forgetGatewayBook': RECONCILIATION,
  'activity listReconciliations': RECONCILIATION,
  'activity readGatewayBook': RECONCILIATION,
  'activity readAttempt':
    'only while the outcome of a charge is unknown; the scenario for that may be faster',
  'activity readPaidOutcome': REPAIR,
  'activity giveBackCharge': LATE,
  'activity giveBackTopUp': LATE,
  'activity lineUp': OPENING,
  'activity markOpened': OPENING,
  'activity readOpening': OPENING,
  'activity recordDraw': OPENING,
  'activity removeOld': 'runs once a day',
  'statement insert-hold': 'only if something changes between the check of a hold and its grant',
  'statement lock-hold': 'only if something changes between the check of a hold and its grant',
  'statement seat-supply': OPENING,
};
