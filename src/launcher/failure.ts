/** The start cannot go on. The message is one line for the operator and says what to do. */
export class LaunchFailure extends Error {
  override readonly name = 'LaunchFailure';
}

/** Tells the operator what happens; one call, one line. */
export type Report = (line: string) => void;

/** The text of anything thrown, on one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}

/** The operating system's name of a failure, such as ENOSPC, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
