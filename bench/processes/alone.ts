/**
 * The pause between operations that are measured one at a time. After Temporal reports the end of a workflow, it
 * still writes for about 30 ms. The next operation would wait for that.
 */
export const ALONE_MS = 100;
