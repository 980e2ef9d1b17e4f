/** A signal to any workflow with a stuck step: an operator has fixed the cause. */
export const RETRY_SIGNAL = 'retry';

/** The id of the Temporal Schedule that starts a workflow periodically. */
export const temporalScheduleId = (workflow: string, taskQueue: string): string => `${workflow}-${taskQueue}`;
