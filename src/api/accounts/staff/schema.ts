import { z } from 'zod';

/** More venues or schedules than one person ever works at. */
const MAX_ASSIGNMENTS = 500;

const ids = z.array(z.uuid()).max(MAX_ASSIGNMENTS);

/** The venues and schedules where a staff account may check in. */
export const assignmentFields = {
  venueIds: ids.default([]).meta({ description: 'All shows at these venues' }),
  scheduleIds: ids.default([]),
};

export const assignmentsSchema = z.strictObject(assignmentFields);

export const staffParams = z.object({ userId: z.uuid() });

export const assignedSchema = z
  .object({ userId: z.uuid(), venueIds: z.array(z.uuid()), scheduleIds: z.array(z.uuid()) })
  .meta({
    id: 'StaffAssignments',
    description: 'Without any venue or schedule, the account may check in everywhere',
  });
