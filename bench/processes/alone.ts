/**
 * Between operations that are measured alone. Temporal goes on writing for some 30 ms after a workflow's end has been
 * answered, and the next operation would wait for that.
 */
export const ALONE_MS = 100;
