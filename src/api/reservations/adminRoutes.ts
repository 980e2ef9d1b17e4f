import { z } from 'zod';
import type { CancellationStore, RecordedCancellation } from '../../db/cancellations/cancellationStore';
import type { JournalLine, LedgerStore } from '../../db/ledger/ledgerStore';
import type { Payment, PaymentStore } from '../../db/payments/paymentStore';
import type { ReservationTickets } from '../../db/tickets/reservationTickets';
import type { Reservation, ReservationStore } from '../../db/reservations/reservationStore';
import { Problem } from '../../domain/problems';
import { cancellationWorkflowId } from '../../contract/cancellations';
import { reservationWorkflowId } from '../../contract/reservations';
import { endpoint, type Endpoint } from '../http/endpoint';
import { presentPaymentSummary, presentReservation } from './presenter';
import { paymentSummarySchema, reservationParams, reservationSchema } from './schema';
import { workflowLink, workflowLinkSchema, type TemporalUi } from './workflowLink';

const instant = z.iso.datetime();

const adminReservationSchema = reservationSchema.extend({
  userId: z.uuid(),
  cardRefund: z
    .object({
      status: z.enum(['PENDING', 'DONE']),
      attempts: z
        .int()
        .meta({ description: 'The number of tries so far. Each has a key of its own at the gateway' }),
      lastFault: z.string().nullable(),
      refundedAt: instant.nullable(),
    })
    .nullable()
    .meta({ description: 'After a cancellation. null if nothing was due to a card' }),
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
  timeline: z.array(z.object({ at: instant, what: z.string(), workflow: workflowLinkSchema.optional() })),
  workflow: workflowLinkSchema,
});

export interface AdminReservationDependencies {
  settings: TemporalUi;
  reservations: ReservationStore;
  payments: PaymentStore;
  tickets: ReservationTickets;
  cancellations: CancellationStore;
  ledger: LedgerStore;
}

/** Everything about one reservation on one page, for an operator who has the customer on the phone. */
export function adminReservationRoutes(dependencies: AdminReservationDependencies): Endpoint[] {
  const { settings, reservations, payments, tickets, cancellations, ledger } = dependencies;
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
        const [seats, attempts, latest, issued, cancelled, lines] = await Promise.all([
          reservations.seatsOf([reservationId]),
          payments.allOf(reservationId),
          payments.latestOf([reservationId]),
          tickets.of([reservationId]),
          cancellations.ofReservations([reservationId]).then((found) => found.get(reservationId) ?? []),
          ledger.linesOf(reservationId),
        ]);
        const view = presentReservation(reservation, {
          seats: seats.get(reservationId) ?? [],
          payment: latest.get(reservationId),
          tickets: issued.get(reservationId),
          cancellations: cancelled,
        });
        return {
          status: 200,
          body: {
            ...view,
            userId: reservation.userId,
            cardRefund: presentCardRefund(cancelled),
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
            timeline: timelineOf(reservation, attempts, lines, cancelled),
            workflow: workflowLink(settings, reservationWorkflowId(reservationId)),
          },
        };
      },
    }),
  ];

  function timelineOf(
    reservation: Reservation,
    attempts: Payment[],
    lines: JournalLine[],
    cancelled: RecordedCancellation[],
  ) {
    const journals = new Map(lines.map((line) => [line.journalId, line]));
    const events: [Date | null, string][] = [
      [reservation.heldAt, 'Held'],
      ...attempts.map((attempt): [Date, string] => [attempt.createdAt, `Payment ${attempt.paymentId} began`]),
      ...[...journals.values()].map((line): [Date, string] => [line.bookedAt, `Booked: ${line.kind}`]),
      [reservation.status === 'CANCELLED' ? null : reservation.endedAt, `Ended: ${reservation.status}`],
    ];
    return [
      ...events.flatMap(([at, what]) => (at ? [{ at: at.toISOString(), what }] : [])),
      ...cancelled.map(cancelledEvent),
    ].toSorted((a, b) => a.at.localeCompare(b.at));
  }

  function cancelledEvent({ cancellationId, cause, cancelledAt, seatIds, whole }: RecordedCancellation) {
    const workflow = workflowLink(settings, cancellationWorkflowId(cancellationId));
    return {
      at: cancelledAt.toISOString(),
      what: `Cancelled (${cause})${whole ? '' : `, ${seatIds.length} of its seats`}`,
      workflow,
    };
  }
}

/** The first refund that is still due, else the last one. */
function presentCardRefund(cancelled: readonly RecordedCancellation[]) {
  const refunds = cancelled.flatMap((cancellation) => cancellation.cardRefund ?? []);
  const cardRefund = refunds.find((refund) => refund.status === 'PENDING') ?? refunds.at(-1);
  if (!cardRefund) return null;
  const { status, attempts, lastFault, refundedAt } = cardRefund;
  return { status, attempts, lastFault, refundedAt: refundedAt?.toISOString() ?? null };
}
