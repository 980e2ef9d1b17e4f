import { inTransaction } from '../../db/stores';
import { activityInfo } from '@temporalio/activity';
import {
  createAttemptReader,
  type ComparedWindow,
  type PageStart,
  type ReadAttempt,
} from '../../db/payments/attemptReader';
import { createDifferenceStore } from '../../db/reconciliation/differenceStore';
import { createGatewayLineStore } from '../../db/reconciliation/gatewayLineStore';
import { createReconciliationRunStore, type RunTotals } from '../../db/reconciliation/reconciliationRunStore';
import { createRecordReader } from '../../db/reconciliation/recordReader';
import {
  compareAttempt,
  keptOf,
  moneyOf,
  strangeCharge,
  strangeJournal,
  unpaidSale,
  type Finding,
} from '../../domain/reconciliation/reconciliation';
import type { ChargeSettlementInput } from '../../contract/payments';
import { gatewayReconciliationWorkflowId } from '../../contract/reconciliation';
import type { ActivityDependencies } from '../dependencies';

/** One run and its window, from `windowFrom` to `startedAt`. Times are ISO 8601. */
export interface ReconciliationRun {
  runId: string;
  gateway: string;
  /** The other configured gateways. Their own runs compare what they charge. */
  others: string[];
  startedAt: string;
  windowFrom: string;
  /** A change after this time is under way, and is no difference. */
  settledBefore: string;
}

/** The comparison with one gateway. Because of its workflow id, only one runs at a time. */
export interface GatewayReconciliation {
  gateway: string;
  workflowId: string;
}

/** One page of a comparison. */
export interface ComparedPage extends RunTotals {
  /** Where the next page begins; null after the last. */
  nextCursor: string | null;
  /** Charges without a sale: they may be refunded. */
  toMend: ChargeSettlementInput[];
}

/** Long enough for the last retries of webhooks and idempotency keys; short enough to compare every few minutes. */
const RECENT_DAYS = 3;
/** Tickets are sold, and refunded, for half a year before a show. */
const DEEP_DAYS = 180;
const DEEP_EVERY_HOURS = 24;

/** Rows of one step: about 100 ms. */
const PAGE = 500;
const FORGOTTEN_AT_ONCE = 10_000;

const NOTHING: ComparedPage = { nextCursor: null, lines: 0, attempts: 0, money: 0, toMend: [] };

/**
 * Each comparison reads one page, records the differences that it finds, and returns the charges that may be refunded.
 * If it runs again, it finds the same.
 */
export function createReconciliationActivities({ db, gateways, reconcileAfterMs }: ActivityDependencies) {
  const runs = createReconciliationRunStore(db);
  const lines = createGatewayLineStore(db);
  const attempts = createAttemptReader(db);
  const records = createRecordReader(db);
  const differences = createDifferenceStore(db);
  return {
    /** The comparisons to run, one for each gateway that is configured. */
    async listReconciliations(): Promise<GatewayReconciliation[]> {
      const { taskQueue } = activityInfo();
      return Promise.resolve(
        gateways.all.map(({ name: gateway }) => {
          return { gateway, workflowId: gatewayReconciliationWorkflowId(gateway, taskQueue) };
        }),
      );
    },

    /**
     * Begins a run with the book of one gateway. It compares the last days or, once a day, everything that may still be
     * refunded. Every run also compares what belongs to no configured gateway, but only with our own books.
     */
    async beginReconciliation(runId: string, gateway: string): Promise<ReconciliationRun> {
      const run = await runs.begin({
        runId,
        gateway,
        recentDays: RECENT_DAYS,
        deepDays: DEEP_DAYS,
        deepEveryHours: DEEP_EVERY_HOURS,
      });
      return {
        runId,
        gateway: run.gateway,
        others: gateways.all.map(({ name }) => name).filter((name) => name !== run.gateway),
        startedAt: run.startedAt.toISOString(),
        windowFrom: run.windowFrom.toISOString(),
        settledBefore: new Date(run.startedAt.getTime() - reconcileAfterMs).toISOString(),
      };
    },

    /** Reads a page of the gateway's book. */
    async readGatewayBook(run: ReconciliationRun, cursor: string | null): Promise<ComparedPage> {
      // A charge that was booked in the same millisecond as the start is read too.
      const window = { from: Date.parse(run.windowFrom), to: Date.parse(run.startedAt) + 1 };
      const page = await gateways.of(run.gateway).readBook(window, cursor ?? undefined);
      await lines.keep(run.runId, run.gateway, page.items);
      return { ...NOTHING, nextCursor: page.nextCursor, lines: page.items.length };
    },

    /** Compares from our side: every attempt of the window, with the charges that belong to it. */
    async compareAttempts(run: ReconciliationRun, cursor: string | null): Promise<ComparedPage> {
      const page = pageFrom(cursor);
      return compared(page, await attempts.ofWindow(windowOf(run), page));
    },

    /** Compares from the gateway's side: charges of attempts from before the window. */
    async compareEarlierAttempts(run: ReconciliationRun, cursor: string | null): Promise<ComparedPage> {
      const page = pageFrom(cursor);
      return compared(page, await attempts.earlier(windowOf(run), page));
    },

    /** Compares from the gateway's side: charges that no attempt of this service has made. */
    async compareStrangeCharges(run: ReconciliationRun, cursor: string | null): Promise<ComparedPage> {
      const page = pageFrom(cursor);
      const bookedBefore = new Date(run.settledBefore);
      const found = await lines.strange({ runId: run.runId, gateway: run.gateway, bookedBefore, ...page });
      await differences.record(found.map(strangeCharge));
      return { ...NOTHING, nextCursor: cursorAfter(page, found, 'gatewayPaymentId'), money: keptOf(found) };
    },

    /** Compares from the side of the seats: sales without a payment. */
    async compareSales(run: ReconciliationRun, cursor: string | null): Promise<ComparedPage> {
      const page = pageFrom(cursor);
      const sales = await records.sales(windowOf(run), page);
      await differences.record(sales.filter(({ paid }) => !paid).map(unpaidSale));
      return { ...NOTHING, nextCursor: cursorAfter(page, sales, 'reservationId') };
    },

    /** Compares from the side of the ledger: journals about the gateway's money without an attempt. */
    async compareJournals(run: ReconciliationRun, cursor: string | null): Promise<ComparedPage> {
      const page = pageFrom(cursor);
      const journals = await records.journals(windowOf(run), page);
      await differences.record(journals.filter(({ known }) => !known).map(strangeJournal));
      return { ...NOTHING, nextCursor: cursorAfter(page, journals, 'journalId') };
    },

    /** Deletes the copy of the gateway's book: the next run reads the book again. */
    async forgetGatewayBook({ runId }: ReconciliationRun): Promise<ComparedPage> {
      const forgotten = await lines.forget(runId, FORGOTTEN_AT_ONCE);
      return { ...NOTHING, nextCursor: forgotten < FORGOTTEN_AT_ONCE ? null : 'more' };
    },

    /** Ends a run: it resolves differences that the run has not seen any more. */
    async finishReconciliation(run: ReconciliationRun, totals: RunTotals): Promise<void> {
      await inTransaction(db, async (stores) => {
        await stores.differences.resolveUnseen({
          ...run,
          startedAt: new Date(run.startedAt),
          windowFrom: new Date(run.windowFrom),
        });
        await stores.reconciliationRuns.finish(run.runId, totals);
      });
    },
  };

  async function compared(page: PageStart, read: readonly ReadAttempt[]): Promise<ComparedPage> {
    const settled = read.filter((row) => row.settled).map((row) => row.attempt);
    const found = settled.map((attempt) => ({ attempt, findings: compareAttempt(attempt) }));
    await differences.record(found.flatMap(({ findings }) => findings));
    const last = read.length < page.limit ? undefined : read.at(-1);
    return {
      nextCursor: last?.attempt.attemptId ?? null,
      lines: 0,
      attempts: read.length,
      money: settled.reduce((sum, attempt) => sum + moneyOf(attempt), 0),
      toMend: found
        .filter(({ findings }) => findings.some(isMendable))
        .map(({ attempt: { kind, attemptId } }) => ({ kind, attemptId })),
    };
  }
}

const isMendable = ({ mendable }: Finding): boolean => mendable;

const pageFrom = (after: string | null): PageStart => ({ after, limit: PAGE });

function windowOf({ windowFrom, settledBefore, ...run }: ReconciliationRun): ComparedWindow {
  return { ...run, windowFrom: new Date(windowFrom), settledBefore: new Date(settledBefore) };
}

function cursorAfter<Name extends string>(
  { limit }: PageStart,
  rows: readonly Record<Name, string>[],
  id: Name,
): string | null {
  return rows.length < limit ? null : (rows.at(-1)?.[id] ?? null);
}
