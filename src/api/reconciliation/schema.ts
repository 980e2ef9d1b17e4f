import { z } from 'zod';
import { DIFFERENCE_KINDS, DIFFERENCE_STATUSES } from '../../domain/reconciliation/reconciliation';
import { pageOf, pageQuery } from '../http/paging';

const instant = z.iso.datetime();
const kind = z.enum(DIFFERENCE_KINDS);
const status = z.enum(DIFFERENCE_STATUSES).meta({
  description:
    'OPEN: an operator has to look at it. MENDING: the service is correcting it. RESOLVED: it is gone, or an ' +
    'operator has closed it',
});

export const differenceListQuery = z.object({ ...pageQuery, status: status.optional() });

export const differenceParams = z.object({ differenceId: z.uuid() });

export const resolutionBody = z.strictObject({
  note: z.string().trim().normalize().min(1).max(1_000).meta({ description: 'The explanation' }),
});

export const differenceSchema = z
  .object({
    differenceId: z.uuid(),
    kind,
    status,
    subject: z.string().meta({
      description: 'A payment, a top-up, a reservation, a journal, or a charge (its id at the gateway)',
    }),
    gateway: z.string().nullable().meta({
      description: 'The gateway that has the money. null if no gateway is concerned, or none is known',
    }),
    amount: z.int(),
    currency: z.string(),
    detail: z.record(z.string(), z.unknown()).meta({ description: 'What each of the books says' }),
    aroseAt: instant.meta({ description: 'When the money moved, or should have moved' }),
    firstSeenAt: instant,
    lastSeenAt: instant,
    resolvedAt: instant.nullable(),
    resolvedBy: z
      .uuid()
      .nullable()
      .meta({ description: 'The operator. null if the difference disappeared without one' }),
    note: z.string().nullable(),
  })
  .meta({ id: 'Difference' });

const runSchema = z.object({
  runId: z.uuid(),
  depth: z.enum(['RECENT', 'DEEP']),
  window: z.object({ from: instant, to: instant }),
  startedAt: instant,
});

const finishedRunSchema = runSchema.extend({
  finishedAt: instant,
  durationSeconds: z.number(),
  read: z.object({
    charges: z.int().meta({ description: 'Lines of the book of the gateway' }),
    attempts: z.int().meta({ description: 'Payments and top-ups' }),
  }),
  money: z.int().meta({ description: 'The money that was compared' }),
});

export const reconciliationSchema = pageOf(differenceSchema).extend({
  gateways: z
    .array(
      z.object({
        gateway: z.string(),
        lastRun: finishedRunSchema.nullable(),
        running: runSchema.nullable().meta({ description: 'A newer run, under way or interrupted' }),
      }),
    )
    .meta({ description: 'Each gateway that is configured' }),
  explained: z
    .number()
    .nullable()
    .meta({ description: 'The share of the money that all books agree on, 0 to 1' }),
  unexplained: z.int().meta({ description: 'The sum of the differences that are OPEN or MENDING' }),
  oldestUnexplainedSeconds: z.int(),
  counts: z.array(z.object({ kind, status, count: z.int(), amount: z.int() })),
});

export const runRequestedSchema = z.object({ requestedAt: instant });
