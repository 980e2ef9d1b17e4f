import { z } from 'zod';
import type { JournalLine, LedgerStore } from '../../db/ledgerStore';
import type { Payment, PaymentStore } from '../../db/paymentStore';
import type { Reservation, ReservationStore } from '../../db/reservationStore';
import { Problem } from '../../domain/problems';
import { reservationWorkflowId } from '../../workflows/messages';
import { endpoint, type Endpoint } from '../http/endpoint';
import { presentPaymentSummary, presentReservation } from '../reservations/presenter';
import { paymentSummarySchema, reservationParams, reservationSchema } from '../reservations/schema';

const instant = z.iso.datetime();

const adminReservationSchema = reservationSchema.extend({
  userId: z.uuid(),
  payments: z.array(paymentSummarySchema.extend({ createdAt: instant })),
  ledger: z.array(
    z.object({
      journalId: z.uuid(),
      kind: z.string(),
      account: z.string(),
      amount: z.int(),
      bookedAt: instant,
    }),
  ),
  timeline: z.array(z.object({ at: instant, what: z.string() })),
  workflow: z.object({ workflowId: z.string(), url: z.url() }),
});

export interface AdminReservationDependencies {
  settings: { TEMPORAL_UI_URL: string; TEMPORAL_NAMESPACE: string };
  reservations: ReservationStore;
  payments: PaymentStore;
  ledger: LedgerStore;
}

/** Everything about one reservation on one page, for the person who has the customer on the phone. */
export function adminReservationRoutes(dependencies: AdminReservationDependencies): Endpoint[] {
  const { settings, reservations, payments, ledger } = dependencies;
  return [
    endpoint({
      method: 'GET',
      path: '/v1/admin/reservations/{reservationId}',
      summary: 'Read everything about one reservation',
      description: 'Seats, money, timeline, and a link to its workflow in the Temporal UI.',
      tags: ['Operators'],
      access: 'operator',
      params: reservationParams,
      responses: { 200: { description: 'The reservation', schema: adminReservationSchema } },
      problems: ['reservation-not-found'],
      async handle({ params: { reservationId } }) {
        const reservation = await reservations.find(reservationId);
        if (!reservation) throw new Problem('reservation-not-found', 'There is no reservation with this id.');
        const [seats, attempts, latest, tickets, lines] = await Promise.all([
          reservations.seatsOf([reservationId]),
          payments.allOf(reservationId),
          payments.latestOf([reservationId]),
          payments.ticketsOf([reservationId]),
          ledger.linesOf(reservationId),
        ]);
        const view = presentReservation(reservation, {
          seats: seats.get(reservationId) ?? [],
          payment: latest.get(reservationId),
          tickets: tickets.get(reservationId),
        });
        return {
          status: 200,
          headers: { 'Cache-Control': 'no-store' },
          body: {
            ...view,
            userId: reservation.userId,
            payments: attempts.map((attempt) =>
              Object.assign(presentPaymentSummary(attempt), { createdAt: attempt.createdAt.toISOString() }),
            ),
            ledger: lines.map(({ journalId, kind, account, amount, bookedAt }) => ({
              journalId,
              kind,
              account,
              amount,
              bookedAt: bookedAt.toISOString(),
            })),
            timeline: timelineOf(reservation, attempts, lines),
            workflow: workflowLink(reservationId),
          },
        };
      },
    }),
  ];

  function workflowLink(reservationId: string) {
    const workflowId = reservationWorkflowId(reservationId);
    const { TEMPORAL_UI_URL: ui, TEMPORAL_NAMESPACE: namespace } = settings;
    return { workflowId, url: new URL(`/namespaces/${namespace}/workflows/${workflowId}`, ui).href };
  }
}

function timelineOf(reservation: Reservation, attempts: Payment[], lines: JournalLine[]) {
  const journals = new Map(lines.map((line) => [line.journalId, line]));
  const events: [Date | null, string][] = [
    [reservation.heldAt, 'Held'],
    ...attempts.map((attempt): [Date, string] => [attempt.createdAt, `Payment ${attempt.paymentId} began`]),
    ...[...journals.values()].map((line): [Date, string] => [line.bookedAt, `Booked: ${line.kind}`]),
    [reservation.endedAt, `Ended: ${reservation.status}`],
  ];
  return events
    .flatMap(([at, what]) => (at ? [{ at: at.toISOString(), what }] : []))
    .toSorted((a, b) => a.at.localeCompare(b.at));
}
