/** `globalSetup` runs in the same process and defines what to end. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.endTestRun?.();
}
