import type { LedgerStore, WalletEntry } from '../../db/ledger/ledgerStore';
import type { Stores } from '../../db/stores';
import { CURRENCY } from '../../domain/money';
import { endpoint, type Endpoint } from '../http/endpoint';
import { takePage, pageOf } from '../http/paging';
import type { TryCard } from '../payments/cardTries';
import { entryListQuery, entrySchema, topUpBody, topUpSchema, walletSchema } from './schema';
import { readTopUp, type BoughtPoints, type createBuyPoints } from './buyPoints';

export interface WalletRoutesDependencies {
  ledger: LedgerStore;
  buyPoints: ReturnType<typeof createBuyPoints>;
  tryCard: TryCard;
}

const tags = ['Wallet'];

export function walletRoutes(dependencies: WalletRoutesDependencies): Endpoint[] {
  const { ledger, buyPoints, tryCard } = dependencies;
  return [
    endpoint({
      method: 'GET',
      path: '/v1/wallet',
      summary: 'Read your balance',
      tags,
      access: 'user',
      responses: { 200: { description: 'The wallet', schema: walletSchema } },
      async handle({ user }) {
        const balance = await ledger.balance(user.userId);
        return {
          status: 200,
          body: { balance, currency: CURRENCY },
        };
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/wallet/entries',
      summary: 'List your ledger, newest first',
      tags,
      access: 'user',
      query: entryListQuery,
      responses: {
        200: {
          description: 'A page of entries',
          schema: pageOf(entrySchema),
        },
      },
      async handle({ user, query: { limit, cursor } }) {
        const found = await ledger.walletEntries(user.userId, { limit: limit + 1, before: cursor });
        const { page, nextCursor } = takePage(found, limit, (entry) => entry.entryId);
        return {
          status: 200,
          body: { items: page.map(presentEntry), nextCursor },
        };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/v1/wallet/top-ups',
      summary: 'Buy points',
      tags,
      access: 'user',
      effect: 'once',
      body: topUpBody,
      responses: { 201: { description: 'The points are in the wallet', schema: topUpSchema } },
      problems: ['payment-failed', 'temporarily-unavailable'],
      async handle({ user, body, http, once }) {
        const { userId } = user;
        const { amount, paymentKey } = body;
        const payer = { userId, network: http.network };
        const buy = async (topUpId: string) =>
          answerOf(await tryCard(payer, async () => buyPoints({ topUpId, userId, amount, paymentKey })));
        return once(buy, { recall });
      },
    }),
  ];
}

async function recall(topUpId: string, stores: Stores) {
  const bought = await readTopUp(stores, topUpId);
  return bought && answerOf(bought);
}

function answerOf(body: BoughtPoints) {
  return { status: 201 as const, body };
}

function presentEntry({ entryId, kind, amount, balanceAfter, reservationId, createdAt }: WalletEntry) {
  return {
    entryId,
    kind,
    amount,
    balanceAfter,
    ...(reservationId === null ? {} : { reservationId }),
    createdAt: createdAt.toISOString(),
  };
}
