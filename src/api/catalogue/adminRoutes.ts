import { z } from 'zod';
import { createCatalogueEditor, type CatalogueEditor } from '../../db/catalogue/catalogueEditor';
import { createDrawStore } from '../../db/openings/drawStore';
import { Problem } from '../../domain/problems';
import { planOpening } from '../../temporal/openings/planOpening';
import { presentSchedule } from './presenter';
import { concertParams, scheduleParams } from './schema';
import type { ApiDependencies } from '../dependencies';
import { endpoint, type Endpoint } from '../http/endpoint';
import {
  adminScheduleSchema,
  newConcertSchema,
  newScheduleSchema,
  scheduleChangeSchema,
} from './adminSchema';

/** Enough for ten thousand seat ids. */
const CHANGE_LIMIT = 1024 * 1024;

const tags = ['Operators'];

/** The endpoints with which operators change concerts and schedules. */
export function adminCatalogueRoutes({
  settings,
  db,
  stores: { schedules },
  temporal,
  catalogueCache,
  bumpSeatVersion,
  clock,
}: Pick<
  ApiDependencies,
  'settings' | 'db' | 'stores' | 'temporal' | 'catalogueCache' | 'bumpSeatVersion' | 'clock'
>): Endpoint[] {
  const editor = createCatalogueEditor(db);

  async function present(scheduleId: string): Promise<z.input<typeof adminScheduleSchema>> {
    const [schedule, cancellationPolicy] = await Promise.all([
      schedules.overview(scheduleId),
      schedules.cancellationPolicy(scheduleId),
    ]);
    if (!schedule || !cancellationPolicy)
      throw new Problem('schedule-not-found', 'There is no such schedule.');
    const { concertId, venueName, saleSwitch, bookingFee, currency } = schedule;
    return {
      ...presentSchedule(schedule, clock.now()),
      concertId,
      venueName,
      saleSwitch,
      bookingFee,
      currency,
      cancellationPolicy,
    };
  }

  /**
   * Edits a schedule. If the edit means that the sale opens with a draw, this plans the opening before the commit. So
   * no lobby opens that nothing closes. If the edit is not committed after all, its plan finds nothing to draw.
   */
  async function editWithOpening(scheduleId: string, edit: (editor: CatalogueEditor) => Promise<unknown>) {
    await db.transaction(async (transaction) => {
      await edit(createCatalogueEditor(transaction));
      const opening = await createDrawStore(transaction).commit(scheduleId);
      if (opening) await planOpening(temporal, settings.TEMPORAL_TASK_QUEUE, opening);
    });
  }

  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/concerts',
      summary: 'Add a concert',
      tags,
      access: 'operator',
      effect: 'once',
      body: newConcertSchema,
      responses: {
        201: {
          description: 'The concert',
          schema: z.object({
            concertId: z.uuid(),
            title: z.string(),
            artist: z.string(),
            description: z.string(),
          }),
        },
      },
      async handle({ body, once }) {
        return once(async (concertId) => {
          await editor.addConcert(body, concertId);
          await catalogueCache.invalidate();
          return {
            status: 201 as const,
            headers: { Location: `/v1/concerts/${concertId}` },
            body: { concertId, ...body },
          };
        });
      },
    }),

    endpoint({
      method: 'POST',
      path: '/v1/admin/concerts/{concertId}/schedules',
      summary: 'Add a schedule with its prices and seats',
      tags,
      access: 'operator',
      effect: 'once',
      params: concertParams,
      body: newScheduleSchema,
      problems: ['concert-not-found', 'venue-not-found', 'temporarily-unavailable'],
      responses: { 201: { description: 'The schedule', schema: adminScheduleSchema } },
      async handle({ params: { concertId }, body, once }) {
        return once(async (scheduleId) => {
          await editWithOpening(scheduleId, (editing) => editing.addSchedule(concertId, body, scheduleId));
          await catalogueCache.invalidate();
          return {
            status: 201 as const,
            headers: { Location: `/v1/schedules/${scheduleId}/seats` },
            body: await present(scheduleId),
          };
        });
      },
    }),

    endpoint({
      method: 'PATCH',
      path: '/v1/admin/schedules/{scheduleId}',
      summary: 'Pause, resume or close a sale; change its waiting room; block and unblock seats',
      description: 'Makes all of the changes or none. Seats that are held or sold cannot be blocked.',
      tags,
      access: 'operator',
      bodyLimit: CHANGE_LIMIT,
      params: scheduleParams,
      body: scheduleChangeSchema,
      problems: ['schedule-not-found', 'seat-not-found', 'seat-unavailable', 'temporarily-unavailable'],
      responses: { 200: { description: 'The schedule as it is now', schema: adminScheduleSchema } },
      async handle({ params: { scheduleId }, body }) {
        await editWithOpening(scheduleId, (editing) => editing.editSchedule(scheduleId, body));
        await Promise.all([catalogueCache.invalidate(), bumpSeatVersion(scheduleId)]);
        return { status: 200, body: await present(scheduleId) };
      },
    }),
  ];
}
