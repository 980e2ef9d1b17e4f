import { sleep } from '@temporalio/workflow';
import type { ChargeOutcome, ChargeRequest } from '../gateways/gateway';
import { endlessStep, onceStep } from './steps';

/** A charge whose fate is known. */
export type KnownCharge = Exclude<ChargeOutcome, { outcome: 'unknown' }>;

/** What the caller does while the gateway's word is awaited. */
export interface Settling {
  /** The word has not come within the budget of a request. Called once. */
  begin(): Promise<void>;
  /** Until when (milliseconds since 1970) the word is awaited before the charge is voided. */
  until: number;
}

/** Tries with one key. Each is safe: the gateway never charges a key twice. */
const ATTEMPTS = 3;
/** No new try starts after this long; a client waits for the answer. */
const TRY_WITHIN_MS = 5_000;
const RETRY_PAUSE_MS = 200;
const FIRST_SETTLING_PAUSE_MS = 1_000;
const LONGEST_SETTLING_PAUSE_MS = 30_000;

const chargeCard = onceStep('Charge the card', (activities) => activities.chargeCard);
const lookUpCharge = onceStep('Ask what became of the charge', (activities) => activities.lookUpCharge);
const voidCharge = endlessStep('Void the charge', (activities) => activities.voidCharge);

/**
 * Charges a card until the gateway's word is known. A charge without an answer is never taken for a refusal:
 * it is looked up by its key. Where the gateway has no charge under the key, the same key is tried again;
 * after the last try the key is voided, so that a request still on its way cannot charge any more.
 */
export async function charge(request: ChargeRequest, settling: Settling): Promise<KnownCharge> {
  const began = Date.now();
  let reason = '';
  for (let attempt = 1; attempt <= ATTEMPTS && Date.now() - began < TRY_WITHIN_MS; attempt += 1) {
    if (attempt > 1) await sleep(RETRY_PAUSE_MS * attempt, { summary: 'Pause before the next try' });
    const answer = await ask(() => chargeCard(request));
    if (answer.outcome !== 'unknown') return answer;
    reason = answer.reason;
    const found = await ask(() => lookUpCharge(request.idempotencyKey));
    if (found.outcome === 'unknown') return settle(request, settling);
    if (found.outcome !== 'absent') return found;
  }
  return giveUp(request, reason);
}

/** Asks with growing pauses, for as long as the caller allows, then voids. */
async function settle(request: ChargeRequest, settling: Settling): Promise<KnownCharge> {
  await settling.begin();
  for (let pause = FIRST_SETTLING_PAUSE_MS; Date.now() < settling.until; pause = nextPause(pause)) {
    await sleep(Math.min(pause, settling.until - Date.now()), {
      summary: 'Pause before asking the gateway again',
    });
    const found = await ask(() => lookUpCharge(request.idempotencyKey));
    if (found.outcome === 'absent') break;
    if (found.outcome !== 'unknown') return found;
  }
  return giveUp(request, 'no-answer');
}

async function giveUp(request: ChargeRequest, reason: string): Promise<KnownCharge> {
  await voidCharge(request.idempotencyKey, reason);
  return { outcome: 'declined', reason };
}

/** A step that fails, such as one cut off by its timeout, has not told what happened either. */
async function ask<Answer>(
  step: () => Promise<Answer>,
): Promise<Answer | { outcome: 'unknown'; reason: string }> {
  try {
    return await step();
  } catch {
    return { outcome: 'unknown', reason: 'no-answer' };
  }
}

const nextPause = (pause: number): number => Math.min(pause * 2, LONGEST_SETTLING_PAUSE_MS);
