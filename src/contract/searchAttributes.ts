import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { ReservationInput } from './reservations';

/** The set-up registers them in the namespace. Operators filter by them in the Temporal UI. */
export const RESERVATION_STATUS = defineSearchAttributeKey('ReservationStatus', 'KEYWORD');
export const SCHEDULE_ID = defineSearchAttributeKey('ScheduleId', 'KEYWORD');
export const USER_ID = defineSearchAttributeKey('UserId', 'KEYWORD');
export const REFUND_STATUS = defineSearchAttributeKey('RefundStatus', 'KEYWORD');
/** The activity that cannot succeed until its cause is fixed. It is set while the workflow waits for an operator. */
export const STUCK_STEP = defineSearchAttributeKey('StuckStep', 'KEYWORD');

/**
 * What is due to a card after a cancellation. PENDING: the workflow waits for the gateway's response. REFUSED: the
 * gateway refused, and the workflow asks again after a pause. DONE: nothing is due.
 */
export type RefundStatus = 'PENDING' | 'REFUSED' | 'DONE';

/** Every attribute that the namespace must know. */
export const SEARCH_ATTRIBUTES = [RESERVATION_STATUS, SCHEDULE_ID, USER_ID, REFUND_STATUS, STUCK_STEP];

/** The attributes of a start. Set there, they cost no event of their own. */
export function attributesAtStart(input: ReservationInput): SearchAttributePair[] {
  return [
    { key: RESERVATION_STATUS, value: 'HELD' },
    { key: SCHEDULE_ID, value: input.scheduleId },
    { key: USER_ID, value: input.userId },
  ];
}
