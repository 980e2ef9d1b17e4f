import { isCancellation, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities';
import { permanentFailureOf, refusalOf } from './failures';

/*
 * How the workflows call their activities: every timeout and every retry is on this page.
 *
 * A step is tried first as a local activity: it costs no event of its own beyond a marker, and no round trip
 * to the task queue. Its budget stays well below the 10 s of a workflow task. What it cannot do within that
 * budget goes on as a normal activity, which may take as long as it has to.
 *
 * A refusal, and what can never succeed, is not retried by any of them: see the worker's `ProblemInterceptor`. A step
 * that must happen all the same is one of the workflow's `Duties`.
 */
const QUICK = {
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '6s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumAttempts: 4 },
} as const;

/** For steps of a saga: long enough for a database fail-over, then the saga is undone. */
const BOUNDED = {
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '30s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '5s' },
} as const;

/** For undoing, and for everything that must happen once money has moved: it does not give up. */
const ENDLESS = {
  startToCloseTimeout: '10s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
} as const;

/** For a party that may be away for days: asked less and less often. */
const PATIENT = {
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' },
} as const;

/** For a single call that asks a gateway for a lot; a worker that dies over it is noticed this late. */
const LONG = { ...ENDLESS, startToCloseTimeout: '10m' } as const;

type Choose<Args extends unknown[], Result> = (activities: Activities) => (...args: Args) => Promise<Result>;

/** One try on the spot, no retry: for calls whose failure is an answer of its own. */
export function onceStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  return choose(proxyLocalActivities<Activities>({ ...QUICK, retry: { maximumAttempts: 1 }, summary }));
}

/** Quick or not at all. */
export function quickStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  return choose(proxyLocalActivities<Activities>({ ...QUICK, summary }));
}

/** Quick, else tried for about 30 s more. */
export function boundedStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  const patient = choose(proxyActivities<Activities>({ ...BOUNDED, summary }));
  return escalating(quickStep(summary, choose), patient);
}

/** Quick, else until it is done. */
export function endlessStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  const patient = choose(proxyActivities<Activities>({ ...ENDLESS, summary }));
  return escalating(quickStep(summary, choose), patient);
}

/**
 * Until it is done, as a normal activity from its first try: its retries hold up no message, and operators see
 * them as a pending activity with its last failure.
 */
export function patientStep<Args extends unknown[], Result>(summary: string, choose: Choose<Args, Result>) {
  return choose(proxyActivities<Activities>({ ...PATIENT, summary }));
}

/** At length, and until it is done. */
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
