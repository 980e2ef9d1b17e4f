import { LaunchFailure, reasonOf, type Report } from '../failure';

export interface FoundBinary {
  file: string;
  /** How the launcher found it; the operator sees this text. */
  how: string;
}

export type Way = (report: Report) => Promise<FoundBinary>;

/**
 * Tries several ways to get a program, one after the other. Reports one line for each way that fails.
 *
 * @param advice what the operator can do if every way fails; the error starts with it
 * @throws {LaunchFailure} the advice, and why each way failed
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
