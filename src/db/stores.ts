import type { Knex } from 'knex';
import { createRefreshTokenStore } from './accounts/refreshTokenStore';
import { createStaffAssignmentStore } from './accounts/staffAssignmentStore';
import { createUserStore } from './accounts/userStore';
import { createCancellationRequestStore } from './cancellations/cancellationRequestStore';
import { createCancellationStore } from './cancellations/cancellationStore';
import { createShowCancellationStore } from './cancellations/showCancellationStore';
import { createConcertStore } from './catalogue/concertStore';
import { createScheduleStore } from './catalogue/scheduleStore';
import { createSeatStore } from './catalogue/seatStore';
import { createVenueStore } from './catalogue/venueStore';
import { createIdempotencyStore } from './idempotencyStore';
import { createLedgerStore } from './ledger/ledgerStore';
import { createTopUpStore } from './ledger/topUpStore';
import { createDrawStore } from './openings/drawStore';
import { createOutboxStore } from './outboxStore';
import { createPaymentSteps } from './payments/paymentSteps';
import { createPaymentStore } from './payments/paymentStore';
import { createRefundStore } from './payments/refundStore';
import { createWebhookStore } from './payments/webhookStore';
import { createDifferenceStore } from './reconciliation/differenceStore';
import { createGatewayLineStore } from './reconciliation/gatewayLineStore';
import { createReconciliationRunStore } from './reconciliation/reconciliationRunStore';
import { createHoldStore } from './reservations/holdStore';
import { createReservationStore } from './reservations/reservationStore';
import { createUnpaidHoldStore } from './reservations/unpaidHoldStore';
import { createReservationTickets } from './tickets/reservationTickets';
import { createTicketStore } from './tickets/ticketStore';

export interface Stores extends ReturnType<typeof everyStore> {
  /** Undoes what the work has written if it throws, and nothing that its transaction has written before. */
  savepoint<Result>(work: (stores: Stores) => Promise<Result>): Promise<Result>;
}

/** The stores of a connection pool, or of one transaction. */
export function storesOf(db: Knex): Stores {
  return Object.assign(everyStore(db), {
    savepoint: async <Result>(work: (stores: Stores) => Promise<Result>) => inTransaction(db, work),
  });
}

/** Runs work in one transaction, with stores that write in it. It is undone if the work throws. */
export async function inTransaction<Result>(
  db: Knex,
  work: (stores: Stores) => Promise<Result>,
): Promise<Result> {
  return db.transaction(async (transaction) => work(storesOf(transaction)));
}

function everyStore(db: Knex) {
  return {
    get refreshTokens() {
      return createRefreshTokenStore(db);
    },
    get staffAssignments() {
      return createStaffAssignmentStore(db);
    },
    get users() {
      return createUserStore(db);
    },
    get cancellationRequests() {
      return createCancellationRequestStore(db);
    },
    get cancellations() {
      return createCancellationStore(db);
    },
    get showCancellations() {
      return createShowCancellationStore(db);
    },
    get concerts() {
      return createConcertStore(db);
    },
    get schedules() {
      return createScheduleStore(db);
    },
    get seats() {
      return createSeatStore(db);
    },
    get venues() {
      return createVenueStore(db);
    },
    get idempotencyKeys() {
      return createIdempotencyStore(db);
    },
    get ledger() {
      return createLedgerStore(db);
    },
    get topUps() {
      return createTopUpStore(db);
    },
    get draws() {
      return createDrawStore(db);
    },
    get outbox() {
      return createOutboxStore(db);
    },
    get payments() {
      return createPaymentStore(db);
    },
    get paymentSteps() {
      return createPaymentSteps(db);
    },
    get refunds() {
      return createRefundStore(db);
    },
    get webhooks() {
      return createWebhookStore(db);
    },
    get differences() {
      return createDifferenceStore(db);
    },
    get gatewayLines() {
      return createGatewayLineStore(db);
    },
    get reconciliationRuns() {
      return createReconciliationRunStore(db);
    },
    get holds() {
      return createHoldStore(db);
    },
    get reservations() {
      return createReservationStore(db);
    },
    get unpaidHolds() {
      return createUnpaidHoldStore(db);
    },
    get reservationTickets() {
      return createReservationTickets(db);
    },
    get tickets() {
      return createTicketStore(db);
    },
  };
}
