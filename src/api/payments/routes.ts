import type { PaymentStore } from '../../db/payments/paymentStore';
import type { ReservationTickets } from '../../db/tickets/reservationTickets';
import { isPaid } from '../../domain/payments/attemptState';
import { Problem } from '../../domain/problems';
import type { PayResult } from '../../contract/reservations';
import { endpoint, type Endpoint } from '../http/endpoint';
import { HOLDER_PROBLEMS } from '../queue/admission';
import { presentPaymentStatus } from '../reservations/presenter';
import type { createPayReservation } from './payReservation';
import { readOutcome } from './paymentOutcome';
import { paidSchema, paymentBody, paymentParams, paymentSchema, settlingSchema } from './schema';

/** When a client may ask again about a payment that settles, in seconds. */
const ASK_AGAIN_SECONDS = '2';

export interface PaymentRoutesDependencies {
  payReservation: ReturnType<typeof createPayReservation>;
  payments: PaymentStore;
  tickets: ReservationTickets;
}

const tags = ['Payments'];

export function paymentRoutes({ payReservation, payments, tickets }: PaymentRoutesDependencies): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/payments',
      summary: 'Pay a reservation',
      description:
        'Points pay for seats. The card pays the rest and the booking fee. If nothing is left for the card, the ' +
        'service does not call the gateway. After a failure the seats stay held until `expiresAt`.',
      tags,
      access: 'user',
      rateLimit: 'admitted',
      effect: 'once',
      queueToken: true,
      body: paymentBody,
      responses: {
        200: { description: 'Paid and confirmed', schema: paidSchema },
        202: {
          description:
            'The response of the gateway is not known yet. The seats stay held, and no card is charged twice',
          schema: settlingSchema,
          headers: { Location: 'The payment', 'Retry-After': 'Seconds until the client should ask again' },
        },
      },
      problems: [
        'insufficient-points',
        'payment-failed',
        'reservation-expired',
        'payment-in-progress',
        'reservation-already-confirmed',
        'sale-not-open',
        'reservation-not-found',
        ...HOLDER_PROBLEMS,
        'temporarily-unavailable',
      ],
      async handle({ user, body, queueToken, http, once }) {
        const { userId } = user;
        const { reservationId, points, paymentKey } = body;
        const { network } = http;
        const asked = { reservationId, userId, queueToken, points, paymentKey, network };
        return once<PaymentAnswer>(
          async (paymentId) => answerOf(reservationId, await payReservation({ paymentId, ...asked })),
          {
            async recall(paymentId, stores) {
              const result = await readOutcome(stores, paymentId);
              return result && answerOf(reservationId, result);
            },
          },
        );
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/payments/{paymentId}',
      summary: 'Read a payment',
      tags,
      access: 'user',
      params: paymentParams,
      responses: { 200: { description: 'The payment', schema: paymentSchema } },
      problems: ['payment-not-found'],
      async handle({ user, params: { paymentId } }) {
        const payment = await payments.find(paymentId);
        // To other users, the payment does not seem to exist (OWASP API1).
        if (payment?.userId !== user.userId) {
          throw new Problem('payment-not-found', 'You have no payment with this id.');
        }
        const { reservationId, amount, approvedAt, createdAt } = payment;
        const issued = isPaid(payment.status)
          ? (await tickets.of([reservationId])).get(reservationId)
          : undefined;
        return {
          status: 200,
          body: {
            paymentId,
            reservationId,
            ...presentPaymentStatus(payment),
            amount,
            approvedAt: approvedAt?.toISOString() ?? null,
            createdAt: createdAt.toISOString(),
            ...(issued ? { tickets: issued } : {}),
          },
        };
      },
    }),
  ];
}

type PaymentAnswer = ReturnType<typeof answerOf>;

function answerOf(reservationId: string, result: PayResult) {
  if (result.status === 'SUCCEEDED') {
    const body = { ...result, reservationId, reservationStatus: 'CONFIRMED' as const };
    return { status: 200 as const, body };
  }
  const { paymentId, status } = result;
  return {
    status: 202 as const,
    headers: { Location: `/v1/payments/${paymentId}`, 'Retry-After': ASK_AGAIN_SECONDS },
    body: { paymentId, status, reservationId, reservationStatus: status },
    interim: true,
  };
}
