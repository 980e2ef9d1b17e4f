import { continueAsNew, setCurrentDetails, uuid4 } from '@temporalio/workflow';
import type { ComparedPage, ReconciliationRun } from '../../activities/reconciliation/reconciliation';
import { startChargeSettlement } from '../payments/startChargeSettlement';
import { endlessStep, longStep } from '../lib/steps';

type ReadPage = (run: ReconciliationRun, cursor: string | null) => Promise<ComparedPage>;

const beginReconciliation = endlessStep('Begin the run', (activities) => activities.beginReconciliation);
const finishReconciliation = endlessStep(
  'Resolve differences that are gone, and end the run',
  (activities) => activities.finishReconciliation,
);

/** In this order: the workflow reads the whole book of the gateway before it compares anything with it. */
const PASSES: readonly (readonly [doing: string, readPage: ReadPage])[] = [
  [
    "Reading the gateway's book",
    // Some gateways list refunds separately from their charges. Their page is the whole window.
    longStep("Read a page of the gateway's book", (activities) => activities.readGatewayBook),
  ],
  [
    'Comparing payments and top-ups',
    endlessStep('Compare payments and top-ups with the book', (activities) => activities.compareAttempts),
  ],
  [
    'Comparing earlier attempts',
    endlessStep('Compare charges of earlier attempts', (activities) => activities.compareEarlierAttempts),
  ],
  [
    'Looking for charges without an attempt',
    endlessStep('Look for charges without an attempt', (activities) => activities.compareStrangeCharges),
  ],
  [
    'Looking for sales without a payment',
    endlessStep('Look for sales without a payment', (activities) => activities.compareSales),
  ],
  [
    'Looking for journals without an attempt',
    endlessStep('Look for journals without an attempt', (activities) => activities.compareJournals),
  ],
  [
    "Deleting the copy of the gateway's book",
    endlessStep("Delete the copy of the gateway's book", (activities) => activities.forgetGatewayBook),
  ],
];

/** Pages of one history. They make a few thousand events, far below the server's limit. */
const PAGES_OF_ONE_HISTORY = 500;

/**
 * The most charges that one run refunds. A larger number suggests a fault of the books rather than of the charges.
 * Operators have time to look before the next runs.
 */
const MENDED_IN_ONE_RUN = 100;

/** The position of a run. The workflow carries it from one history into the next. */
export interface ReconciliationProgress {
  run: ReconciliationRun;
  pass: number;
  cursor: string | null;
  lines: number;
  attempts: number;
  money: number;
  mended: number;
}

/** The counts of one run: what it read, and the charges that it began to refund (`mended`). */
export interface ReconciliationResult extends Pick<
  ReconciliationProgress,
  'lines' | 'attempts' | 'money' | 'mended'
> {
  status: 'SUCCEEDED';
}

/**
 * Compares the book of one gateway with payments, top-ups, ledger and seats, in both directions. Each difference
 * becomes a row. A separate workflow refunds a charge without a sale. If the gateway does not answer, the run waits for
 * it. The next run of this gateway begins only after that.
 *
 * @param earlier the progress of an earlier run of the same workflow
 */
export async function gatewayReconciliation(
  gateway: string,
  earlier?: ReconciliationProgress,
): Promise<ReconciliationResult> {
  const progress = earlier ?? (await begin(gateway));
  for (let pages = 0; progress.pass < PASSES.length; pages += 1) {
    if (pages === PAGES_OF_ONE_HISTORY) await continueAsNew<typeof gatewayReconciliation>(gateway, progress);
    await readNextPage(progress);
  }
  const { run, lines, attempts, money, mended } = progress;
  await finishReconciliation(run, { lines, attempts, money });
  setCurrentDetails(`Done: ${figuresOf(progress)}.`);
  return { status: 'SUCCEEDED', lines, attempts, money, mended };
}

async function begin(gateway: string): Promise<ReconciliationProgress> {
  const run = await beginReconciliation(uuid4(), gateway);
  return { run, pass: 0, cursor: null, lines: 0, attempts: 0, money: 0, mended: 0 };
}

async function readNextPage(progress: ReconciliationProgress): Promise<void> {
  const pass = PASSES[progress.pass];
  if (!pass) return;
  const [doing, readPage] = pass;
  setCurrentDetails(`${doing}: ${figuresOf(progress)}.`);
  const page = await readPage(progress.run, progress.cursor);
  progress.lines += page.lines;
  progress.attempts += page.attempts;
  progress.money += page.money;
  for (const charge of page.toMend.slice(0, MENDED_IN_ONE_RUN - progress.mended)) {
    await startChargeSettlement(charge, 'Reconciliation has found a charge without a sale');
    progress.mended += 1;
  }
  progress.cursor = page.nextCursor;
  if (page.nextCursor === null) progress.pass += 1;
}

function figuresOf({ run, lines, attempts, mended }: ReconciliationProgress): string {
  const window = `from ${run.windowFrom} to ${run.startedAt}`;
  return `${lines} charges of ${run.gateway} and ${attempts} attempts ${window}, ${mended} charges to refund`;
}
