/** To any workflow with a stuck step: an operator has mended its cause. */
export const RETRY_SIGNAL = 'retry';

/** The schedule that starts a workflow by the clock. */
export const temporalScheduleId = (workflow: string, taskQueue: string): string => `${workflow}-${taskQueue}`;
