import { continueAsNew, setCurrentDetails, uuid4 } from '@temporalio/workflow';
import type { ComparedPage, ReconciliationRun } from '../../activities/reconciliation/reconciliation';
import { settleApart } from '../payments/settleApart';
import { endlessStep, longStep } from '../lib/steps';

type ReadPage = (run: ReconciliationRun, cursor: string | null) => Promise<ComparedPage>;

const beginReconciliation = endlessStep('Begin the run', (activities) => activities.beginReconciliation);
const finishReconciliation = endlessStep(
  'Resolve what is gone, end the run',
  (activities) => activities.finishReconciliation,
);

/** In this order: the gateway's book is read whole before anything is compared with it. */
const PASSES: readonly (readonly [doing: string, readPage: ReadPage])[] = [
  [
    "Reading the gateway's book",
    // Some gateways tell refunds apart from their charges: their page is the whole window.
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
    'Looking for charges of nobody',
    endlessStep('Look for charges that nobody made', (activities) => activities.compareStrangeCharges),
  ],
  [
    'Looking for sales without a payment',
    endlessStep('Look for sales without a payment', (activities) => activities.compareSales),
  ],
  [
    'Looking for journals of nobody',
    endlessStep('Look for journals without an attempt', (activities) => activities.compareJournals),
  ],
  [
    "Forgetting the gateway's book",
    endlessStep('Forget what was read of the book', (activities) => activities.forgetGatewayBook),
  ],
];

/** Pages of one history: some thousand events, far below the server's limit. */
const PAGES_OF_ONE_HISTORY = 500;

/**
 * The most charges that one run refunds. More at once are rather a fault of the books than of the
 * charges, and the next runs leave time to look.
 */
const MENDED_IN_ONE_RUN = 100;

/** Where a run stands; carried from one history into the next. */
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
 * Compares the book of one gateway with payments, top-ups, ledger and seats, both ways. Each difference becomes a row;
 * a charge that no sale stands on is given back by a workflow of its own. A gateway that does not answer is waited
 * for: its next run begins no earlier.
 *
 * @param earlier what an earlier run of the same workflow has come to
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
    await settleApart(charge, 'Reconciliation has found a charge that no sale stands on');
    progress.mended += 1;
  }
  progress.cursor = page.nextCursor;
  if (page.nextCursor === null) progress.pass += 1;
}

function figuresOf({ run, lines, attempts, mended }: ReconciliationProgress): string {
  const window = `from ${run.windowFrom} to ${run.startedAt}`;
  return `${lines} charges of ${run.gateway} and ${attempts} attempts ${window}, ${mended} charges to give back`;
}
