import { isCancellation, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities';
import { permanentFailureOf, refusalOf } from './failures';

/*
 * How the workflows call their activities. Every timeout and every retry is in this file.
 *
 * A step runs first as a local activity. That costs one marker in the history, and no round trip to the task queue. Its
 * budget stays well below the 10 s of a workflow task. If the step does not finish within that budget, it continues as
 * a normal activity, which may take as long as necessary.
 *
 * None of them retries a refusal, or a step that cannot succeed: see the worker's `ProblemInterceptor`. A step that
 * must happen nevertheless is one of the workflow's `RequiredSteps`.
 */
const QUICK = {
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '6s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumAttempts: 4 },
} as const;

/** For steps of a saga: long enough for a database fail-over. After that, the saga is undone. */
const BOUNDED = {
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '30s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '5s' },
} as const;

/** For undo steps, and for everything that must happen once money has moved: such a step does not give up. */
const ENDLESS = {
  startToCloseTimeout: '10s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
} as const;

/** For a party that may be away for days: the step asks it less and less often. */
const PATIENT = {
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' },
} as const;

/**
 * For a single call that asks a gateway for a lot. If a worker dies during it, Temporal notices only after this time.
 */
const LONG = { ...ENDLESS, startToCloseTimeout: '10m' } as const;

type Choose<Args extends unknown[], Result> = (activities: Activities) => (...args: Args) => Promise<Result>;

/** One try as a local activity, without a retry: for calls whose failure is a result of its own. */
export function onceStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  return choose(proxyLocalActivities<Activities>({ ...QUICK, retry: { maximumAttempts: 1 }, summary }));
}

/** Only as a local activity, for at most 6 s. */
export function quickStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  return choose(proxyLocalActivities<Activities>({ ...QUICK, summary }));
}

/** First as a local activity, then as a normal one for about 30 s more. */
export function boundedStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  const patient = choose(proxyActivities<Activities>({ ...BOUNDED, summary }));
  return escalating(quickStep(summary, choose), patient);
}

/** First as a local activity, then as a normal one until it is done. */
export function endlessStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  const patient = choose(proxyActivities<Activities>({ ...ENDLESS, summary }));
  return escalating(quickStep(summary, choose), patient);
}

/**
 * As a normal activity from the first try, until it is done. Its retries delay no message, and operators see a pending
 * activity with its last failure.
 */
export function patientStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  return choose(proxyActivities<Activities>({ ...PATIENT, summary }));
}

/** As a normal activity with 10 minutes for each try, until it is done. */
export function longStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  return choose(proxyActivities<Activities>({ ...LONG, summary }));
}

function escalating<Args extends unknown[], Result>(
  quick: (...args: Args) => Promise<Result>,
  patient: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await quick(...args);
    } catch (error) {
      if (refusalOf(error) || permanentFailureOf(error) || isCancellation(error)) throw error;
      return patient(...args);
    }
  };
}
