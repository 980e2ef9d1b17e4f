import { z } from 'zod';
import {
  DEFAULT_REFUNDS_PER_SECOND,
  MAX_REFUNDS_PER_SECOND,
} from '../../../domain/cancellations/showCancellation';
import { pageOf, pageQuery } from '../../http/paging';
import { workflowLinkSchema } from '../../reservations/workflowLink';

const instant = z.iso.datetime({ precision: 3 });

const refundsPerSecond = z.int().min(1).max(MAX_REFUNDS_PER_SECOND).meta({
  description: 'The most cancellations of reservations that begin in any second',
});

export const showCancellationBody = z.strictObject({
  reason: z.string().trim().normalize().min(1).max(500).optional(),
  refundsPerSecond: refundsPerSecond.default(DEFAULT_REFUNDS_PER_SECOND),
});

export const showAdjustmentBody = z.strictObject({
  paused: z
    .boolean()
    .optional()
    .meta({ description: 'true: no new cancellation begins. Those that have begun continue' }),
  refundsPerSecond: refundsPerSecond.optional(),
});

export const failuresQuery = z.object(pageQuery);

const pointsAndCard = z.object({ points: z.int(), card: z.int() });

const counts = z.object({
  reservations: z
    .int()
    .meta({ description: 'All that were ever sold: the sum of refunded, refunding, failing and toDo' }),
  refunded: z.int(),
  refunding: z.int().meta({ description: 'Cancelled, and the card refund is under way' }),
  failing: z.int().meta({ description: 'Like refunding, but the last try failed. The service tries again' }),
  toDo: z.int().meta({ description: 'Not cancelled yet' }),
  cancelledByCustomer: z.int().meta({
    description:
      'The part of `reservations` that customers cancelled before the show was cancelled. Their refunds follow ' +
      'the policy and stay as they were',
  }),
  openHolds: z.int().meta({ description: 'Held, or with a payment under way' }),
});

export const showCancellationSchema = z
  .object({
    scheduleId: z.uuid(),
    status: z.enum(['RUNNING', 'PAUSED', 'DONE']),
    reason: z.string().nullable(),
    refundsPerSecond: z.int(),
    startedAt: instant,
    finishedAt: instant.nullable(),
    currency: z.string(),
    counts,
    refunded: pointsAndCard,
    due: pointsAndCard,
    failures: pageOf(
      z.object({
        reservationId: z.uuid(),
        amount: z.int().meta({ description: 'The amount that is due to the card' }),
        attempts: z.int(),
        lastFault: z.string(),
        since: instant,
      }),
    ),
    workflow: workflowLinkSchema,
  })
  .meta({ id: 'ShowCancellation' });

export type ShowCancellationView = z.output<typeof showCancellationSchema>;
