import type { Breakage } from '../breakage';

const CANCELLATIONS = 'test/activities/cancellations/cancellations.test.ts';
const LOST_PAYMENTS = 'test/activities/payments/lostPayments.test.ts';
const PAYMENTS = 'test/workflows/payments/payment.test.ts';
const CANCEL = 'src/api/cancellations/cancelReservation.ts';
const CANCEL_TESTS = 'test/api/cancellations/cancelReservation.test.ts';

/** Steps and requests that come late, or again, after something else has changed the rows. */
export const LATE_STEP_BREAKAGES: Breakage[] = [
  {
    name: 'a confirmation that runs again after a refund counts as undone',
    edits: [
      {
        file: 'src/activities/payments/confirmation.ts',
        find: 'if (!payment || !isPaid(payment.status)) {',
        replace: "if (payment?.status !== 'SUCCEEDED') {",
      },
    ],
    suite: LOST_PAYMENTS,
    tests: [
      'The steps of an attempt that run again from the first, after a worker has died, end with the same tickets if the client has cancelled a seat since',
    ],
  },
  {
    name: 'a late run of a payment marks its charge as undone',
    edits: [
      {
        file: 'src/db/payments/paymentStore.ts',
        find: 'undone_at = CASE WHEN status IN (${UNFINISHED}) AND NOT (:mayBeCharged AND card > 0)',
        replace: "undone_at = CASE WHEN status <> 'SUCCEEDED' AND NOT (:mayBeCharged AND card > 0)",
      },
    ],
    suite: LOST_PAYMENTS,
    tests: [
      'An attempt that was closed while the gateway may still charge still has to be voided after a late run of its steps is rejected and undoes itself',
    ],
  },
  {
    name: 'a payment that was withdrawn and requested again gets its old refusal',
    edits: [
      {
        file: 'src/workflows/reservations/hold.ts',
        find: "return this.phase !== 'HELD' || !this.payment.attempt.finished;",
        replace: 'return true;',
      },
    ],
    suite: PAYMENTS,
    tests: [
      'a payment that was withdrawn before its workflow began it is rejected, takes nothing, and is made after it is requested again under the same id',
    ],
  },
  {
    name: 'a seat without a price cannot be cancelled after all money is refunded',
    edits: [
      {
        file: 'src/db/cancellations/cancellationStore.ts',
        find: "payment.status IN ('SUCCEEDED', 'REFUNDED', 'PARTIALLY_REFUNDED')",
        replace: "payment.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')",
      },
    ],
    suite: CANCELLATIONS,
    tests: [
      'cancelling some seats leaves seats without a price that the customer and the organiser can also cancel',
    ],
  },
  {
    name: 'a late try to refund calls the gateway',
    edits: [
      { file: 'src/activities/cancellations/refunds.ts', find: 'if (known) return known;', replace: '' },
    ],
    suite: CANCELLATIONS,
    tests: [
      'refunding the card in a late try does not call the gateway after a later try has begun or the refund is done',
    ],
  },
  {
    name: 'a cancellation is decided later although its response was 503',
    edits: [
      {
        file: CANCEL,
        find: 'if (await requests.withdraw(cancellationId)) throw failure;',
        replace: '',
      },
    ],
    suite: CANCEL_TESTS,
    tests: [
      'a cancellation that the API requests is withdrawn if a run ends without a decision, and the same request may be made again',
    ],
  },
  {
    name: 'a recorded cancellation is judged by the time of its repeat',
    edits: [{ file: CANCEL, find: ' && !(await isRecorded(cancellationId))', replace: '' }],
    suite: CANCEL_TESTS,
    tests: [
      'a cancellation that the API requests is decided by the time of its first request if it is already recorded',
    ],
  },
  {
    name: 'a top-up that was requested again gets the refusal of its earlier request',
    edits: [
      {
        file: 'src/api/ledger/buyPoints.ts',
        find: 'if (await topUps.withdraw(topUpId)) throw notCharged();',
        replace: '',
      },
    ],
    suite: 'test/api/ledger/buyPoints.test.ts',
    tests: [
      'a top-up that joins a run that had found it withdrawn is withdrawn again, and its key gets a new try',
    ],
  },
  {
    name: 'a payment that was requested again gets the refusal of its earlier request',
    edits: [
      {
        file: 'src/api/payments/payReservation.ts',
        find: 'if (await payments.withdraw(paymentId)) throw ofThisRequest(error);',
        replace: 'if (await payments.withdraw(paymentId)) throw error;',
      },
    ],
    suite: 'test/api/payments/payReservation.test.ts',
    tests: [
      'a payment that joins a run that had found it withdrawn is withdrawn again, and its key gets a new try',
    ],
  },
  {
    name: 'a rejected repeat frees the key of an effect that is under way',
    edits: [
      {
        file: 'src/api/idempotency/idempotency.ts',
        find: 'if (used.isNew) await store.forget(scope);',
        replace: 'await store.forget(scope);',
      },
    ],
    suite: 'test/api/idempotency/idempotency.test.ts',
    tests: [
      'a key whose effect is under way stays taken when a repeat is rejected, and gets the outcome once it is known',
    ],
  },
  {
    name: 'the sweep withdraws a payment that was requested again in the meantime',
    edits: [
      {
        file: 'src/db/payments/paymentStore.ts',
        find: "AND status = 'REQUESTED' AND created_at < :before`,",
        replace: "AND status = 'REQUESTED'`,",
      },
    ],
    suite: 'test/db/payments/paymentStore.test.ts',
    tests: [
      'an attempt to pay that is requested again while the sweep withdraws forgotten attempts is not withdrawn',
    ],
  },
];
