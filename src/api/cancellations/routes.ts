import type { CancellationStore, RecordedCancellation } from '../../db/cancellationStore';
import type { ReservationStore } from '../../db/reservationStore';
import { cancellableUntil, cancellationTerms } from '../../domain/cancellationTerms';
import { endpoint, type Endpoint } from '../http/endpoint';
import type { Idempotency } from '../idempotency/idempotency';
import { findOwnReservation, reservationNotFound } from '../reservations/findOwn';
import { reservationParams } from '../reservations/schema';
import { readCancellation, type createCancelReservation } from './cancelReservation';
import { presentCancellation } from './presenter';
import { cancelledSchema, previewSchema } from './schema';

export interface CancellationRoutesDependencies {
  idempotency: Idempotency;
  cancelReservation: ReturnType<typeof createCancelReservation>;
  reservations: ReservationStore;
  cancellations: CancellationStore;
}

const tags = ['Reservations'];
const path = '/v1/reservations/{reservationId}/cancellation';

export function cancellationRoutes(dependencies: CancellationRoutesDependencies): Endpoint[] {
  const { idempotency, cancelReservation, reservations, cancellations } = dependencies;
  return [
    endpoint({
      method: 'GET',
      path,
      summary: 'What a cancellation now would give',
      description: 'By the policy that was frozen with the reservation. Days are days at the venue.',
      tags,
      access: 'user',
      params: reservationParams,
      responses: { 200: { description: 'The figures of this very moment', schema: previewSchema } },
      problems: ['reservation-not-found'],
      async handle({ user, params: { reservationId } }) {
        await findOwnReservation(reservations, user.userId, reservationId);
        const facts = await cancellations.facts(reservationId);
        if (!facts) throw reservationNotFound();
        return {
          status: 200,
          headers: { 'Cache-Control': 'no-store' },
          body: {
            ...cancellationTerms(facts, 'CUSTOMER', new Date()),
            cancellableUntil: cancellableUntil(facts).toISOString(),
            policy: facts.policy,
          },
        };
      },
    }),

    endpoint({
      method: 'POST',
      path,
      summary: 'Cancel a reservation that was paid',
      description:
        'The same figures as GET gives at this moment. The tickets are void, the seats on sale again and the points ' +
        'in the wallet when the answer comes; the card may take longer (`refundStatus`) and is then tried until it ' +
        'is done.',
      tags,
      access: 'user',
      idempotent: true,
      params: reservationParams,
      responses: { 200: { description: 'Cancelled', schema: cancelledSchema } },
      problems: ['not-cancellable', 'reservation-not-found', 'temporarily-unavailable'],
      async handle({ user: { userId }, params: { reservationId }, idempotencyKey: key }) {
        const route = `POST /v1/reservations/${reservationId}/cancellation`;
        return idempotency.run(
          { userId, route, key, body: {} },
          async (cancellationId) =>
            answerOf(await cancelReservation({ cancellationId, reservationId, userId })),
          async (cancellationId, db) => {
            const cancellation = await readCancellation(db, cancellationId);
            return cancellation && answerOf(cancellation);
          },
        );
      },
    }),
  ];
}

function answerOf(cancellation: RecordedCancellation) {
  const { reservationId } = cancellation;
  const body = { reservationId, status: 'CANCELLED' as const, ...presentCancellation(cancellation) };
  return { status: 200 as const, body };
}
