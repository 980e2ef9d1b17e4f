import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { paidSchema } from '../../src/api/payments/schema';
import { reservationSchema } from '../../src/api/reservations/schema';
import { entrySchema, topUpSchema, walletSchema } from '../../src/api/ledger/schema';
import type { OpenHold } from './holds';
import type { Call, Person } from './exchange';
import type { Service } from './service';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

type Paid = z.output<typeof paidSchema>;

/** The minimum amount of a top-up (REST contract, Wallet). */
const LEAST_TOP_UP = 1_000;

/**
 * Flow 4 of the diagrams: too few points, a declined card, a success, and a response that never comes.
 *
 * @returns Mina's payment
 */
export async function tellPayments(
  service: Service,
  teller: Teller,
  [{ by: mina, reservation }, single]: readonly [OpenHold, OpenHold],
): Promise<Paid> {
  teller.chapter('Paying');
  const { reservationId, amount } = reservation;

  teller.say(
    'Points pay for the seats, and the card pays the booking fee. Mina has no points yet. Her seats stay held.',
  );
  await service.refuse(payCall(mina, reservationId), 402, 'insufficient-points');

  teller.say('She buys points. The sandbox gateway charges her card.');
  const topUp = Math.max(amount.tickets, LEAST_TOP_UP);
  const { balance } = await service.ask(
    { method: 'POST', path: '/v1/wallet/top-ups', by: mina, body: { amount: topUp } },
    { status: 201, body: topUpSchema },
  );

  teller.say(
    'This time the gateway declines the card. The API returns the points before it responds. The hold goes on.',
  );
  await service.refuse(
    payCall(mina, reservationId, { paymentKey: 'sandbox:decline' }),
    500,
    'payment-failed',
  );
  await tellUnharmed(service, mina, reservationId, balance);

  const key = randomUUID();
  const paying = { ...payCall(mina, reservationId), headers: { 'Idempotency-Key': key } };
  teller.say('She pays again, with an idempotency key. The seats are sold and the tickets are issued.');
  const paid = await service.ask(paying, { status: 200, body: paidSchema });

  teller.say(
    'Her connection breaks and she sends the same request again. She gets the same response, and pays only once.',
  );
  const again = await service.ask(paying, { status: 200, body: paidSchema });
  if (again.paymentId !== paid.paymentId) throw new StoryFailure('the repeated request paid a second time');
  await service.ask(
    { method: 'GET', path: '/v1/wallet/entries', by: mina },
    { status: 200, body: z.object({ items: z.array(entrySchema) }) },
  );

  await tellLostAnswer(service, teller, single);
  return paid;
}

async function tellUnharmed(
  service: Service,
  mina: Person,
  reservationId: string,
  balance: number,
): Promise<void> {
  const wallet = await service.ask(
    { method: 'GET', path: '/v1/wallet', by: mina },
    { status: 200, body: walletSchema },
  );
  if (wallet.balance !== balance) throw new StoryFailure('the points are not back');
  const { status } = await service.ask(
    { method: 'GET', path: `/v1/reservations/${reservationId}`, by: mina },
    { status: 200, body: reservationSchema, show: ({ seats: _seats, ...rest }) => rest },
  );
  if (status !== 'HELD') throw new StoryFailure(`the reservation is ${status} after a declined card`);
}

async function tellLostAnswer(
  service: Service,
  teller: Teller,
  { by, reservation }: OpenHold,
): Promise<void> {
  teller.say(
    `${by.name} pays the single seat only by card. The gateway charges the card and never responds. The workflow then asks\n` +
      'the gateway for the outcome. It does not guess, and it does not charge twice. That takes some seconds.',
  );
  const call = payCall(by, reservation.reservationId, {
    points: 0,
    paymentKey: 'sandbox:timeout-after-charge',
  });
  await service.ask(call, { status: 200, body: paidSchema });
}

export function payCall(by: Person, reservationId: string, further: Record<string, unknown> = {}): Call {
  const body = { reservationId, queueToken: by.queueToken, ...further };
  return { method: 'POST', path: '/v1/payments', by, body };
}
