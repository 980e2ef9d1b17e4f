import { condition, sleep } from '@temporalio/workflow';
import { GATEWAY_UNAVAILABLE, type ChargeOutcome, type ChargeRequest } from '../../domain/payments/gateway';
import { onceStep } from '../lib/steps';

/** A charge whose fate is known. */
export type KnownCharge = Extract<ChargeOutcome, { outcome: 'approved' | 'declined' }>;

/** The gateway's word did not come within the time that there was: the charge may be taken, or be taken yet. */
export type UnknownCharge = Extract<ChargeOutcome, { outcome: 'unknown' }>;

/** How the gateway's word is awaited once it has not come within the budget of a request. */
export interface Settling {
  /** Called once, before the waiting. */
  begin: () => Promise<void>;
  /** Until when, milliseconds since 1970. */
  until: number;
  /** Counts the gateway's own messages about this charge: each is worth asking at once. */
  hints: () => number;
}

/** Tries with one key. Each is safe: the gateway never charges a key twice. */
const ATTEMPTS = 3;
/** No new try starts after this long; a client waits for the answer. */
const TRY_WITHIN_MS = 5_000;
const RETRY_PAUSE_MS = 200;
const FIRST_SETTLING_PAUSE_MS = 1_000;
const LONGEST_SETTLING_PAUSE_MS = 30_000;

const chargeCard = onceStep('Charge the card', (activities) => activities.chargeCard);
const captureCharge = onceStep('Take the authorised money', (activities) => activities.captureCharge);
const lookUpCharge = onceStep('Ask what became of the charge', (activities) => activities.lookUpCharge);

/**
 * Charges a card and finds out what came of it. A charge without a response is never taken for a refusal: it is
 * looked up by its key. Where the gateway has no charge under the key, the same key is tried again.
 *
 * Nothing is voided here. A request may still be on its way after the last try, and another run of the same step may
 * have confirmed the payment: the caller closes the attempt in Postgres before it voids the charge.
 *
 * @returns `unknown` where nothing was learned until `settling.until`, where the last try has left no charge, or where
 *   the gateway is known to be down before anything was sent ({@link isUnavailable})
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
 * Whether a charge was kept back because the gateway is down. Nothing is asked or awaited then, so that the customer
 * hears at once. It is no refusal for all that: this step may have run before, on a worker that has died since, and
 * have charged then.
 */
export function isUnavailable({ outcome, reason }: { outcome: string; reason?: string }): boolean {
  return outcome === 'unknown' && reason === GATEWAY_UNAVAILABLE;
}

/** Asks with growing pauses, for as long as there is time, or until the gateway has no charge under the key. */
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

/** What was only authorised is taken at once: a sale stands on money that is there. */
async function captured(request: ChargeRequest, answer: ChargeOutcome): Promise<KnownCharge | UnknownCharge> {
  if (answer.outcome !== 'authorised') return answer;
  const capture = await ask(() => captureCharge(request, answer.gatewayPaymentId));
  return capture.outcome === 'authorised' ? { outcome: 'unknown', reason: 'not-captured' } : capture;
}

/** A step that fails, such as one cut off by its timeout, has not told what happened either. */
async function ask<Answer>(step: () => Promise<Answer>): Promise<Answer | UnknownCharge> {
  try {
    return await step();
  } catch {
    return { outcome: 'unknown', reason: 'no-answer' };
  }
}

const nextPause = (pause: number): number => Math.min(pause * 2, LONGEST_SETTLING_PAUSE_MS);
