import { LaunchFailure, reasonOf, type Report } from '../failure';

export interface FoundBinary {
  file: string;
  /** How it was found, for the operator. */
  how: string;
}

export type Way = (report: Report) => Promise<FoundBinary>;

/**
 * Tries ways to get a program one after the other, with a line for each that fails.
 *
 * @param advice what the operator can do when every way fails, as the start of the error
 * @throws {LaunchFailure} the advice, with why each way failed
 */
export async function firstWay(
  part: string,
  ways: readonly Way[],
  advice: string,
  report: Report,
): Promise<FoundBinary> {
  const refusals: string[] = [];
  for (const way of ways) {
    try {
      return await way(report);
    } catch (error) {
      refusals.push(reasonOf(error));
      report(`${part}: ${reasonOf(error)}`);
    }
  }
  throw new LaunchFailure(`${advice} (${refusals.join('; ')})`);
}
