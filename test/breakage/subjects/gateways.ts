import type { Breakage } from '../breakage';

const GATEWAYS = 'src/gateways/gateways.ts';
const CIRCUIT = 'src/gateways/circuitBreaker.ts';
const DIFFERENCES = 'src/db/reconciliation/differenceStore.ts';
const SUITE = 'test/activities/payments/gateways.test.ts';
const BOOKS = 'test/activities/reconciliation/booksOfGateways.test.ts';

/** Which of several gateways is asked about money, and when a gateway counts as down. */
export const GATEWAY_BREAKAGES: Breakage[] = [
  {
    name: 'every charge is looked up at the gateway that takes new payments',
    edits: [
      {
        file: GATEWAYS,
        find: 'of: (name) => find(name) ?? withoutKeys(name),',
        replace: 'of: () => taking,',
      },
    ],
    suite: SUITE,
    tests: [
      'after PAYMENT_GATEWAY was changed the charge of a failed payment is refunded by the gateway that took it',
      'after PAYMENT_GATEWAY was changed the charge of a failed top-up is refunded by the gateway that took it',
      'after PAYMENT_GATEWAY was changed a refund goes through the gateway that took the money, and is booked there',
    ],
  },
  {
    name: 'another gateway replaces one without keys',
    edits: [{ file: GATEWAYS, find: '?? withoutKeys(name)', replace: '?? taking' }],
    suite: SUITE,
    tests: [
      'without the keys of the gateway that took the money the refund of a charge waits, names the missing settings, and is made when the keys are there',
      'without the keys of the gateway that took the money a refund stays due, and shows operators the missing settings',
    ],
  },
  {
    name: 'every sale is booked at one gateway',
    edits: [
      {
        file: 'src/db/payments/paymentSteps.ts',
        find: "('${CLEARING}' || gateway, -card)",
        replace: "('${CLEARING}sandbox', -card)",
      },
    ],
    suite: SUITE,
    tests: [
      'after PAYMENT_GATEWAY was changed a charge that is under way stays with its gateway: it is looked up, captured, repeated and booked there',
    ],
  },
  {
    name: 'a withdrawn payment stays with its old gateway',
    edits: [
      {
        file: 'src/db/payments/paymentStore.ts',
        find: "gateway = CASE payment.status WHEN 'WITHDRAWN' THEN excluded.gateway ELSE payment.gateway END,",
        replace: '',
      },
    ],
    suite: SUITE,
    tests: [
      'after PAYMENT_GATEWAY was changed a payment that no gateway knows is requested again with the new gateway',
    ],
  },
  {
    name: 'a payment that has begun moves to the new gateway',
    edits: [
      {
        file: 'src/db/payments/paymentStore.ts',
        find: "gateway = CASE payment.status WHEN 'WITHDRAWN' THEN excluded.gateway ELSE payment.gateway END,",
        replace: 'gateway = excluded.gateway,',
      },
    ],
    suite: SUITE,
    tests: [
      'after PAYMENT_GATEWAY was changed a payment that no gateway knows is requested again with the new gateway',
    ],
  },
  {
    name: 'a gateway may have only a part of its keys',
    edits: [
      {
        file: 'src/config/settings.ts',
        find: 'keysOf(name).some((key) => env[key])',
        replace: 'keysOf(name).every((key) => env[key])',
      },
    ],
    suite: 'test/config/settings.test.ts',
    tests: [
      'the settings of a payment gateway stop the start if one is set and the others are not: {"SANDBOX_SECRET":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","SANDBOX_WEBHOOK_SECRET":"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy","STRIPE_SECRET_KEY":"sk_test_0123456789"}',
    ],
  },
  {
    name: 'a charge at one gateway is matched with a payment at another',
    edits: [
      {
        file: 'src/db/reconciliation/gatewayLineStore.ts',
        find: 'coalesce((SELECT id FROM payments WHERE id = line."attemptId" AND gateway = :gateway),',
        replace: 'coalesce((SELECT id FROM payments WHERE id = line."attemptId"),',
      },
    ],
    suite: BOOKS,
    tests: [
      'with two gateways a charge at one under the key of a payment at the other counts as a second charge',
    ],
  },
  {
    name: 'a run resolves differences that only the book of another gateway can resolve',
    edits: [
      {
        file: DIFFERENCES,
        find: '.orWhere({ gateway: run.gateway })',
        replace: '.orWhereNotNull("gateway")',
      },
    ],
    suite: BOOKS,
    tests: ['with two gateways a difference at one stays while only the other is compared'],
  },
  {
    name: 'the removal of the keys of a gateway resolves its differences',
    edits: [{ file: DIFFERENCES, find: ".whereIn('kind', OWN_BOOKS_KINDS)", replace: '' }],
    suite: BOOKS,
    tests: [
      'a payment with a gateway that has no keys any more keeps the differences that only the book of that gateway can resolve',
    ],
  },
  {
    name: 'the launcher does not start the sandbox gateway when another one takes new payments',
    edits: [
      {
        file: 'src/launcher/start/ownBook.ts',
        find: "counts.some((count) => count.has('sandbox'))",
        replace: 'counts.length === 0',
      },
    ],
    suite: 'test/launcher/ownBook.test.ts',
    tests: [
      'the sandbox gateway of a data folder, while another gateway takes new payments is needed while a payment is under way',
    ],
  },
  {
    name: 'charges without a response open the circuit',
    edits: [
      {
        file: CIRCUIT,
        find: 'watch ??= pingUntilAnswered().finally(() => (watch = null))',
        replace: 'note(false)',
      },
    ],
    suite: 'test/gateways/circuitBreaker.test.ts',
    tests: [
      'charges without a response hold back no charge while the gateway responds to a ping, even if there are many',
      'with the sandbox gateway cards of one client that get no response do not hold back the charges of others',
    ],
  },
  {
    name: 'only a ping closes the circuit',
    edits: [
      { file: CIRCUIT, find: "!== 'unknown') note(true);", replace: "!== 'unknown') note(missed === 0);" },
    ],
    suite: 'test/gateways/circuitBreaker.test.ts',
    tests: ['while charges are held back void is still sent, and its response closes the circuit'],
  },
];
