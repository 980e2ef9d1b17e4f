import { condition, sleep } from '@temporalio/workflow';
import { GATEWAY_UNAVAILABLE, type ChargeOutcome, type ChargeRequest } from '../../domain/payments/gateway';
import { onceStep } from '../lib/steps';

/** A charge whose outcome is known. */
export type KnownCharge = Extract<ChargeOutcome, { outcome: 'approved' | 'declined' }>;

/** The gateway's response did not come in time. The gateway may have taken the charge, or may still take it. */
export type UnknownCharge = Extract<ChargeOutcome, { outcome: 'unknown' }>;

/** How the workflow waits for the gateway's response if it has not come within the budget of a request. */
export interface Settling {
  /** Called once, before the wait. */
  begin: () => Promise<void>;
  /** The end of the wait, milliseconds since 1970. */
  until: number;
  /** Counts the gateway's own messages about this charge. After each one, the workflow asks the gateway at once. */
  hints: () => number;
}

/** Tries with one key. Each is safe: the gateway never charges a key twice. */
const ATTEMPTS = 3;
/** No new try starts after this time, because a client waits for the response. */
const TRY_WITHIN_MS = 5_000;
const RETRY_PAUSE_MS = 200;
const FIRST_SETTLING_PAUSE_MS = 1_000;
const LONGEST_SETTLING_PAUSE_MS = 30_000;

const chargeCard = onceStep('Charge the card', (activities) => activities.chargeCard);
const captureCharge = onceStep('Capture the authorised money', (activities) => activities.captureCharge);
const lookUpCharge = onceStep(
  'Ask the gateway for the outcome of the charge',
  (activities) => activities.lookUpCharge,
);

/**
 * Charges a card and finds out the outcome. A charge without a response never counts as a refusal: the workflow looks
 * it up by its key. If the gateway has no charge under the key, the workflow tries the same key again.
 *
 * This function voids nothing. After the last try a request may still be on its way. Another run of the same step may
 * also have confirmed the payment. So the caller closes the attempt in Postgres before it voids the charge.
 *
 * @returns `unknown` if the outcome is not known at `settling.until`, if the last try has left no charge, or if the
 *   gateway is known to be down before anything was sent ({@link isUnavailable})
 */
export async function charge(
  request: ChargeRequest,
  settling: Settling,
): Promise<KnownCharge | UnknownCharge> {
  const began = Date.now();
  let reason = 'no-answer';
  for (let attempt = 1; attempt <= ATTEMPTS && Date.now() - began < TRY_WITHIN_MS; attempt += 1) {
    if (attempt > 1) await sleep(RETRY_PAUSE_MS * attempt, { summary: 'Pause before the next try' });
    const answer = await captured(request, await ask(() => chargeCard(request)));
    if (answer.outcome !== 'unknown') return answer;
    if (attempt === 1 && isUnavailable(answer)) return answer;
    reason = answer.reason;
    const found = await lookUp(request);
    if (found.outcome === 'unknown') return settle(request, reason, settling);
    if (found.outcome !== 'absent') return found;
  }
  return { outcome: 'unknown', reason };
}

/**
 * Whether a charge was not sent because the gateway is down. The workflow then asks nothing and waits for nothing, so
 * that the customer gets a response at once. It is still no refusal. This step may have run before, on a worker that
 * has died since, and may have charged then.
 */
export function isUnavailable({ outcome, reason }: { outcome: string; reason?: string }): boolean {
  return outcome === 'unknown' && reason === GATEWAY_UNAVAILABLE;
}

/**
 * Asks with growing pauses until the outcome is known, the time is over, or the gateway has no charge under the key.
 */
async function settle(
  request: ChargeRequest,
  reason: string,
  settling: Settling,
): Promise<KnownCharge | UnknownCharge> {
  await settling.begin();
  for (let pause = FIRST_SETTLING_PAUSE_MS; Date.now() < settling.until; pause = nextPause(pause)) {
    const heard = settling.hints();
    await condition(() => settling.hints() > heard, Math.min(pause, settling.until - Date.now()));
    const found = await lookUp(request);
    if (found.outcome === 'absent') return { outcome: 'unknown', reason };
    if (found.outcome !== 'unknown') return found;
  }
  return { outcome: 'unknown', reason: 'no-answer' };
}

async function lookUp(request: ChargeRequest): Promise<KnownCharge | UnknownCharge | { outcome: 'absent' }> {
  const found = await ask(() => lookUpCharge(request));
  return found.outcome === 'absent' ? found : captured(request, found);
}

/** Captures authorised money at once: a sale needs money that is really taken. */
async function captured(request: ChargeRequest, answer: ChargeOutcome): Promise<KnownCharge | UnknownCharge> {
  if (answer.outcome !== 'authorised') return answer;
  const capture = await ask(() => captureCharge(request, answer.gatewayPaymentId));
  return capture.outcome === 'authorised' ? { outcome: 'unknown', reason: 'not-captured' } : capture;
}

/** If a step fails, for example by its timeout, the outcome is unknown too. */
async function ask<Answer>(step: () => Promise<Answer>): Promise<Answer | UnknownCharge> {
  try {
    return await step();
  } catch {
    return { outcome: 'unknown', reason: 'no-answer' };
  }
}

const nextPause = (pause: number): number => Math.min(pause * 2, LONGEST_SETTLING_PAUSE_MS);
