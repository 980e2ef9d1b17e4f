/** What to end is said by `globalSetup`, which runs in the same process. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.endTestRun?.();
}
