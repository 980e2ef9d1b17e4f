import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { ReservationInput } from './messages';

/** Registered in the namespace by the set-up; operators filter by them in the Temporal UI. */
export const RESERVATION_STATUS = defineSearchAttributeKey('ReservationStatus', 'KEYWORD');
export const SCHEDULE_ID = defineSearchAttributeKey('ScheduleId', 'KEYWORD');
export const USER_ID = defineSearchAttributeKey('UserId', 'KEYWORD');

/** Set at the start, where they cost no event of their own. */
export function attributesAtStart(input: ReservationInput): SearchAttributePair[] {
  return [
    { key: RESERVATION_STATUS, value: 'HELD' },
    { key: SCHEDULE_ID, value: input.scheduleId },
    { key: USER_ID, value: input.userId },
  ];
}
