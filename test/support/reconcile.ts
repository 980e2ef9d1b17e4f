import { randomUUID } from 'node:crypto';
import type { Activities } from '../../src/activities';
import type { ComparedPage, ReconciliationRun } from '../../src/activities/reconciliation/reconciliation';
import type { GatewayName } from '../../src/domain/payments/gateway';
import type { ChargeSettlementInput } from '../../src/contract/payments';

export interface WholeRun {
  read: Pick<ComparedPage, 'lines' | 'attempts' | 'money'>;
  toMend: ChargeSettlementInput[];
}

/** A whole comparison with the book of one gateway, in the same way as the workflow makes it. */
export async function wholeRun(activities: Activities, gateway: GatewayName = 'sandbox'): Promise<WholeRun> {
  const begun = await activities.beginReconciliation(randomUUID(), gateway);
  const read = { lines: 0, attempts: 0, money: 0 };
  const toMend: ChargeSettlementInput[] = [];
  const passes = [
    activities.readGatewayBook,
    activities.compareAttempts,
    activities.compareEarlierAttempts,
    activities.compareStrangeCharges,
    activities.compareSales,
    activities.compareJournals,
    activities.forgetGatewayBook,
  ];
  for (const readPage of passes) {
    for (const page of await pagesOf(readPage, begun)) {
      read.lines += page.lines;
      read.attempts += page.attempts;
      read.money += page.money;
      toMend.push(...page.toMend);
    }
  }
  await activities.finishReconciliation(begun, read);
  return { read, toMend };
}

async function pagesOf(
  readPage: (run: ReconciliationRun, cursor: string | null) => Promise<ComparedPage>,
  run: ReconciliationRun,
): Promise<ComparedPage[]> {
  const pages: ComparedPage[] = [];
  let cursor: string | null = null;
  do {
    const page: ComparedPage = await readPage(run, cursor);
    pages.push(page);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}
