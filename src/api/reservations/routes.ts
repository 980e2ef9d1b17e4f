import type { CancellationStore } from '../../db/cancellations/cancellationStore';
import type { PaymentStore } from '../../db/payments/paymentStore';
import type { ReservationTickets } from '../../db/tickets/reservationTickets';
import type { Reservation, ReservationStore } from '../../db/reservations/reservationStore';
import { endpoint, type Endpoint } from '../http/endpoint';
import { takePage, pageOf } from '../http/paging';
import { ADMISSION_PROBLEMS } from '../queue/admission';
import type { createHoldSeats, WantedSeats } from './holdSeats';
import { presentReservation } from './presenter';
import { findOwnReservation, reservationNotFound } from './findOwn';
import type { createReleaseHold } from './releaseHold';
import type { SeatChoice } from './seatChoice';
import {
  grantedHoldSchema,
  reservationBody,
  reservationListQuery,
  reservationParams,
  reservationSchema,
  type ReservationBody,
} from './schema';

export interface ReservationRoutesDependencies {
  holdSeats: ReturnType<typeof createHoldSeats>;
  releaseHold: ReturnType<typeof createReleaseHold>;
  seatChoice: Pick<SeatChoice, 'assumedStage'>;
  reservations: ReservationStore;
  payments: PaymentStore;
  tickets: ReservationTickets;
  cancellations: CancellationStore;
}

const tags = ['Reservations'];

export function reservationRoutes(dependencies: ReservationRoutesDependencies): Endpoint[] {
  const { holdSeats, releaseHold, seatChoice, reservations, payments, tickets, cancellations } = dependencies;
  return [
    endpoint({
      method: 'POST',
      path: '/v1/reservations',
      summary: 'Hold seats',
      description:
        'Holds all the seats or none. They stay held until `expiresAt`; pay before then. Name the seats with ' +
        '`seatId` or `seatIds`. Or ask for the best available seats with `scheduleId` and `quantity`, and limit ' +
        'them with `grade` or `zone`.',
      tags,
      access: 'user',
      rateLimit: 'admitted',
      effect: 'once',
      queueToken: true,
      body: reservationBody,
      responses: {
        201: {
          description: 'The seats are held',
          schema: grantedHoldSchema,
          headers: { Location: 'The reservation' },
        },
      },
      problems: [
        'schedule-not-found',
        'seat-not-found',
        'sale-not-open',
        'seat-unavailable',
        'seat-limit-exceeded',
        'hold-limit-exceeded',
        ...ADMISSION_PROBLEMS,
        'temporarily-unavailable',
      ],
      async handle({ user, body, queueToken, http, hasKey, once }) {
        const wanted = wantedSeats(body);
        const answer = await holdSeats({
          once,
          hasKey,
          userId: user.userId,
          wanted,
          queueToken,
          network: http.network,
        });
        const assumedStage = 'quantity' in wanted ? await seatChoice.assumedStage(wanted.scheduleId) : null;
        return assumedStage ? { ...answer, body: { ...answer.body, assumedStage } } : answer;
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/reservations',
      summary: 'List your reservations, newest first',
      tags,
      access: 'user',
      query: reservationListQuery,
      responses: {
        200: {
          description: 'A page of reservations',
          schema: pageOf(reservationSchema),
        },
      },
      async handle({ user, query: { status, limit, cursor } }) {
        const found = await reservations.listOfUser(user.userId, {
          limit: limit + 1,
          status,
          before: cursor,
        });
        const { page, nextCursor } = takePage(found, limit, (reservation) => reservation.reservationId);
        return { status: 200, body: { items: await present(page), nextCursor } };
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/reservations/{reservationId}',
      summary: 'Read a reservation',
      tags,
      access: 'user',
      params: reservationParams,
      responses: { 200: { description: 'The reservation', schema: reservationSchema } },
      problems: ['reservation-not-found'],
      async handle({ user, params }) {
        const [view] = await present([
          await findOwnReservation(reservations, user.userId, params.reservationId),
        ]);
        if (!view) throw reservationNotFound();
        return { status: 200, body: view };
      },
    }),

    endpoint({
      method: 'DELETE',
      path: '/v1/reservations/{reservationId}',
      summary: 'Release a hold early',
      description: 'After the hold has ended, this has no effect and still returns 204.',
      tags,
      access: 'user',
      params: reservationParams,
      responses: { 204: { description: 'Nothing is held any more' } },
      problems: ['reservation-not-found', 'reservation-not-releasable', 'temporarily-unavailable'],
      async handle({ user, params: { reservationId }, http }) {
        await releaseHold({ userId: user.userId, reservationId, network: http.network });
        return { status: 204 };
      },
    }),
  ];

  async function present(page: readonly Reservation[]) {
    const ids = page.map((reservation) => reservation.reservationId);
    const [seats, latest, issued, cancelled] = await Promise.all([
      reservations.seatsOf(ids),
      payments.latestOf(ids),
      tickets.of(ids),
      cancellations.ofReservations(ids),
    ]);
    return page.map((reservation) =>
      presentReservation(reservation, {
        seats: seats.get(reservation.reservationId) ?? [],
        payment: latest.get(reservation.reservationId),
        tickets: issued.get(reservation.reservationId),
        cancellations: cancelled.get(reservation.reservationId),
      }),
    );
  }
}

/** The schema guarantees that exactly one of the forms is there, and that it is complete. */
function wantedSeats(body: ReservationBody): WantedSeats {
  const { seatId, seatIds, scheduleId, quantity, grade, zone, accessible } = body;
  if (scheduleId !== undefined && quantity !== undefined) {
    return { scheduleId, quantity, grade, zone, accessible };
  }
  return { seatIds: seatIds ?? (seatId === undefined ? [] : [seatId]) };
}
