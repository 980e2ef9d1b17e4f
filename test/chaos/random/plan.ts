import * as fc from 'fast-check';

/** The processes of the service: first the servers, then our own, which need the servers to start. */
export const SERVERS = ['Temporal', 'Postgres', 'Redis'] as const;
export const OWN = ['the API', 'the first worker', 'the second worker', 'the gateway'] as const;
export type PartName = (typeof SERVERS)[number] | (typeof OWN)[number];

export type FaultKind = 'freeze' | 'kill' | 'immediate restart' | 'FLUSHALL' | 'SCRIPT FLUSH';

export interface Fault {
  kind: FaultKind;
  part: PartName;
  /** How long the part is frozen, or stays away. */
  seconds: number;
}

/** Faults that happen at the same time, each in another part. */
export interface Step {
  /** The pause before them. */
  pauseMs: number;
  faults: Fault[];
}

export const FLOODS = [
  'bad logins',
  'unfinished bodies',
  'large bodies',
  'deep JSON',
  'unknown paths',
  'event streams',
] as const;
export type FloodName = (typeof FLOODS)[number];

export interface FloodStep {
  pauseMs: number;
  flood: FloodName;
}

const part = fc.constantFrom<PartName>(...SERVERS, ...OWN);
const frozenFor = fc.integer({ min: 2, max: 45 });
const awayFor = fc.integer({ min: 0, max: 20 });

const oneFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('freeze'), part, seconds: frozenFor }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('kill'), part, seconds: awayFor }) },
  ...(['immediate restart', 'FLUSHALL', 'SCRIPT FLUSH'] as const).map((kind) => ({
    weight: 1,
    arbitrary: fc.constant({
      kind,
      part: kind === 'immediate restart' ? ('Postgres' as const) : ('Redis' as const),
      seconds: 0,
    }),
  })),
);

const oneAlone = oneFault.map((fault) => [fault]);
const twoAtOnce = fc.uniqueArray(oneFault, { minLength: 2, maxLength: 2, selector: (fault) => fault.part });
const everything = fc
  .oneof(
    fc.record({ kind: fc.constant('freeze' as const), seconds: frozenFor }),
    fc.record({ kind: fc.constant('kill' as const), seconds: awayFor }),
  )
  .map(({ kind, seconds }) => [...SERVERS, ...OWN].map((each) => ({ kind, part: each, seconds })));

const step: fc.Arbitrary<Step> = fc.record({
  pauseMs: fc.integer({ min: 1_000, max: 12_000 }),
  faults: fc.oneof(
    { weight: 15, arbitrary: oneAlone },
    { weight: 5, arbitrary: twoAtOnce },
    { weight: 1, arbitrary: everything },
  ),
});

const floodStep: fc.Arbitrary<FloodStep> = fc.record({
  pauseMs: fc.integer({ min: 2_000, max: 15_000 }),
  flood: fc.constantFrom(...FLOODS),
});

/** The same seed gives the same steps. A longer plan begins with the steps of a shorter one. */
export const planFaults = (seed: number, count: number): Step[] => sample(step, seed, count);

export const planFloods = (seed: number, count: number): FloodStep[] => sample(floodStep, seed, count);

/** Without the bias of fast-check, which prefers small numbers and limits. */
function sample<Item>(arbitrary: fc.Arbitrary<Item>, seed: number, count: number): Item[] {
  return fc.sample(fc.noBias(arbitrary), { seed, numRuns: count });
}
