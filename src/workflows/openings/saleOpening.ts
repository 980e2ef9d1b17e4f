import { setCurrentDetails, sleep } from '@temporalio/workflow';
import { RequiredSteps } from '../lib/requiredSteps';
import type { SaleOpeningInput, SaleOpeningResult } from '../../contract/openings';
import { endlessStep } from '../lib/steps';

const readOpening = endlessStep('Read when the sale opens', (activities) => activities.readOpening);
const closeLobby = endlessStep('Close the lobby', (activities) => activities.closeLobby);
const recordDraw = endlessStep(
  'Draw, and record the order permanently',
  (activities) => activities.recordDraw,
);
const lineUp = endlessStep(
  'Line people up in the drawn order, and let them in',
  (activities) => activities.lineUp,
);
const markOpened = endlessStep('Record that the room is open', (activities) => activities.markOpened);

/**
 * The API announces a sale in the transaction that plans its opening. If the opening is near, this workflow may start
 * before the commit of that transaction.
 */
const ANNOUNCED_WITHIN_MS = 30_000;
const ANNOUNCED_PAUSE_MS = 5_000;

/**
 * Opens a sale that has its own waiting room, at the time in its row. The workflow draws the clients that entered
 * before, and puts them in line before all later ones. No client is admitted before the end of the opening. Each step
 * may run again: the first recorded order stays the order of the line.
 */
export async function saleOpening({ scheduleId }: SaleOpeningInput): Promise<SaleOpeningResult> {
  const requiredSteps = new RequiredSteps();
  const opensAt = await announced(scheduleId, requiredSteps);
  if (opensAt === null) return nothingToDraw(scheduleId);
  const left = opensAt - Date.now();
  if (left > 0) {
    setCurrentDetails('Waiting for the opening.');
    await sleep(left, { summary: 'Until the sale opens' });
  }
  const present = await requiredSteps.complete(() => closeLobby(scheduleId));
  setCurrentDetails(`The lobby is closed with ${present} people in it. Drawing.`);
  const entries = await requiredSteps.complete(() => recordDraw(scheduleId, Date.now()));
  if (entries === null) return nothingToDraw(scheduleId);
  setCurrentDetails(`The order of ${entries} entries is recorded. Lining them up.`);
  await requiredSteps.complete(() => lineUp(scheduleId));
  await requiredSteps.complete(() => markOpened(scheduleId, Date.now()));
  setCurrentDetails(`Open: ${entries} entries were drawn.`);
  return { scheduleId, status: 'OPENED', entries };
}

/** @returns when the sale opens; null if no announcement of it is recorded */
async function announced(scheduleId: string, requiredSteps: RequiredSteps): Promise<number | null> {
  const patience = Date.now() + ANNOUNCED_WITHIN_MS;
  for (;;) {
    const opensAt = await requiredSteps.complete(() => readOpening(scheduleId));
    if (opensAt !== null || Date.now() >= patience) return opensAt;
    setCurrentDetails('This sale is not announced yet.');
    await sleep(ANNOUNCED_PAUSE_MS, { summary: 'Until the sale is announced' });
  }
}

function nothingToDraw(scheduleId: string): SaleOpeningResult {
  setCurrentDetails('The sale has no draw: nothing was done.');
  return { scheduleId, status: 'NOTHING_TO_DRAW', entries: 0 };
}
