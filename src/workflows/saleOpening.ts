import { setCurrentDetails, sleep } from '@temporalio/workflow';
import { Duties } from './duties';
import type { SaleOpeningInput, SaleOpeningResult } from './messages';
import { endlessStep } from './steps';

const closeLobby = endlessStep('Close the lobby', (activities) => activities.closeLobby);
const recordDraw = endlessStep('Draw, and record the order for good', (activities) => activities.recordDraw);
const lineUp = endlessStep(
  'Line people up in the drawn order, and let them in',
  (activities) => activities.lineUp,
);
const markOpened = endlessStep('Record that the room is open', (activities) => activities.markOpened);

/**
 * Opens a sale with a waiting room of its own: whoever entered before is drawn, and stands in line before
 * everybody who came later. Until its end nobody is admitted; each step may run again, and the order that was
 * recorded first is the one that people are lined up in.
 */
export async function saleOpening({ scheduleId, opensAt }: SaleOpeningInput): Promise<SaleOpeningResult> {
  const duties = new Duties();
  const left = opensAt - Date.now();
  if (left > 0) {
    setCurrentDetails('Waiting for the opening.');
    await sleep(left, { summary: 'Until the sale opens' });
  }
  const present = await duties.fulfil(() => closeLobby(scheduleId));
  setCurrentDetails(`The lobby is closed with ${present} people in it. Drawing.`);
  const entries = await duties.fulfil(() => recordDraw(scheduleId, Date.now()));
  if (entries === null) return { scheduleId, status: 'NOTHING_TO_DRAW', entries: 0 };
  setCurrentDetails(`The order of ${entries} entries is recorded. Lining them up.`);
  await duties.fulfil(() => lineUp(scheduleId));
  await duties.fulfil(() => markOpened(scheduleId, Date.now()));
  setCurrentDetails(`Open: ${entries} entries were drawn.`);
  return { scheduleId, status: 'OPENED', entries };
}
