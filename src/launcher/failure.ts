/** The start cannot go on. The message is one line that says to the operator what to do. */
export class LaunchFailure extends Error {
  override readonly name = 'LaunchFailure';
}

/** Reports to the operator what happens. One call writes one line. */
export type Report = (line: string) => void;

/** The text of anything that was thrown, on one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}

/** The operating system's name of a failure, such as ENOSPC, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
