import type { z } from 'zod';
import { inTransaction } from '../../../db/stores';
import { Problem } from '../../../domain/problems';
import type { ApiDependencies } from '../../dependencies';
import { endpoint, type Endpoint } from '../../http/endpoint';
import { assignedSchema, assignmentsSchema, staffParams } from './schema';

const tags = ['Operators'];

/** The venues and schedules of staff accounts. Other endpoints create and change the accounts. */
export function staffRoutes({ db, stores }: Pick<ApiDependencies, 'db' | 'stores'>): Endpoint[] {
  /** @throws {Problem} account-not-found, also for an account that is not STAFF: operators may check in everywhere */
  async function findStaff(userId: string): Promise<void> {
    const user = await stores.users.find(userId);
    if (user?.role !== 'STAFF') throw new Problem('account-not-found', 'No staff account has this user id.');
  }

  async function present(userId: string): Promise<z.output<typeof assignedSchema>> {
    const { venueIds, scheduleIds } = await stores.staffAssignments.find(userId);
    return { userId, venueIds: [...venueIds], scheduleIds: [...scheduleIds] };
  }

  return [
    endpoint({
      method: 'GET',
      path: '/v1/admin/staff/{userId}/assignments',
      summary: 'Read where a staff account may check in',
      tags,
      access: 'operator',
      params: staffParams,
      responses: { 200: { description: 'Venues and schedules', schema: assignedSchema } },
      problems: ['account-not-found'],
      async handle({ params: { userId } }) {
        await findStaff(userId);
        return { status: 200, body: await present(userId) };
      },
    }),

    endpoint({
      method: 'PUT',
      path: '/v1/admin/staff/{userId}/assignments',
      summary: 'Limit a staff account to venues and schedules',
      description:
        'Replaces the earlier venues and schedules, from the next scan on. Without any, the account may check in ' +
        'everywhere. If it scans a ticket of another show, it gets `ticket-invalid`.',
      tags,
      access: 'operator',
      params: staffParams,
      body: assignmentsSchema,
      responses: { 200: { description: 'Venues and schedules as they are now', schema: assignedSchema } },
      problems: ['account-not-found', 'venue-not-found', 'schedule-not-found'],
      async handle({ params: { userId }, body }) {
        await findStaff(userId);
        await inTransaction(db, async (tx) => tx.staffAssignments.replace(userId, body));
        return { status: 200, body: await present(userId) };
      },
    }),
  ];
}
