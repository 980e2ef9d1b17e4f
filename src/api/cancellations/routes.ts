import type { ServiceClock } from '../../db/serviceClock';
import type { RecordedCancellation } from '../../db/cancellations/cancellationStore';
import type { Stores } from '../../db/stores';
import { cancellableUntil, cancellationTerms } from '../../domain/cancellations/cancellationTerms';
import { endpoint, type Endpoint } from '../http/endpoint';
import { reservationParams } from '../reservations/schema';
import { readCancellation, type createCancelReservation } from './cancelReservation';
import { presentCancellation } from './presenter';
import type { createReadFacts } from './readFacts';
import { cancellationBody, cancelledSchema, previewQuery, previewSchema } from './schema';

export interface CancellationRoutesDependencies {
  cancelReservation: ReturnType<typeof createCancelReservation>;
  readFacts: ReturnType<typeof createReadFacts>;
  clock: Pick<ServiceClock, 'now'>;
}

const tags = ['Reservations'];
const path = '/v1/reservations/{reservationId}/cancellation';

export function cancellationRoutes(dependencies: CancellationRoutesDependencies): Endpoint[] {
  const { cancelReservation, readFacts, clock } = dependencies;
  return [
    endpoint({
      method: 'GET',
      path,
      summary: 'Read what a cancellation would refund now',
      description:
        'For the seats that `seatId` names (once or several times), or for all seats that are left. The policy ' +
        'is the one that was frozen with the reservation. Days are days at the venue.',
      tags,
      access: 'user',
      params: reservationParams,
      query: previewQuery,
      responses: { 200: { description: 'The figures at this moment', schema: previewSchema } },
      problems: ['reservation-not-found'],
      async handle({ user, params: { reservationId }, query: { seatId: seatIds } }) {
        const { facts } = await readFacts(user.userId, reservationId, { seatIds, field: 'seatId' });
        return {
          status: 200,
          body: {
            ...cancellationTerms(facts, 'CUSTOMER', clock.now()),
            cancellableUntil: cancellableUntil(facts).toISOString(),
            policy: facts.policy,
          },
        };
      },
    }),

    endpoint({
      method: 'POST',
      path,
      summary: 'Cancel a reservation that was paid, or some of its seats',
      description:
        '`seatIds` names the seats. Without it, all seats that are left are cancelled. The other seats stay ' +
        'CONFIRMED with their tickets. The figures are those that GET returns at this moment. When the response ' +
        'comes, the tickets are void, the seats are on sale again and the points are in the wallet. The card ' +
        'refund may take longer (`refundStatus`); the service retries it until it is done.',
      tags,
      access: 'user',
      effect: 'once',
      params: reservationParams,
      body: cancellationBody,
      responses: { 200: { description: 'Cancelled', schema: cancelledSchema } },
      problems: ['not-cancellable', 'reservation-not-found', 'temporarily-unavailable'],
      async handle({ user: { userId }, params: { reservationId }, body, once }) {
        const { seatIds = null } = body;
        const cancel = async (cancellationId: string) =>
          answerOf(await cancelReservation({ cancellationId, reservationId, userId, seatIds }));
        return once(cancel, { recall });
      },
    }),
  ];
}

async function recall(cancellationId: string, stores: Stores) {
  const cancellation = await readCancellation(stores, cancellationId);
  return cancellation && answerOf(cancellation);
}

function answerOf(cancellation: RecordedCancellation) {
  const { reservationId, whole } = cancellation;
  const status = whole ? ('CANCELLED' as const) : ('CONFIRMED' as const);
  return { status: 200 as const, body: { reservationId, status, ...presentCancellation(cancellation) } };
}
