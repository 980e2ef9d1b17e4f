import { z } from 'zod';

/** More than one person ever works at. */
const MAX_ASSIGNMENTS = 500;

const ids = z.array(z.uuid()).max(MAX_ASSIGNMENTS);

/** Where somebody of the staff may check in. */
export const assignmentFields = {
  venueIds: ids.default([]).meta({ description: 'Every show there' }),
  scheduleIds: ids.default([]),
};

export const assignmentsSchema = z.strictObject(assignmentFields);

export const staffParams = z.object({ userId: z.uuid() });

export const assignedSchema = z
  .object({ userId: z.uuid(), venueIds: z.array(z.uuid()), scheduleIds: z.array(z.uuid()) })
  .meta({ id: 'StaffAssignments', description: 'Without any venue and schedule: everywhere' });
