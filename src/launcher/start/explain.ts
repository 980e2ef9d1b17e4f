import { SettingsError } from '../../config/settings';
import { NewerDatabaseError } from '../../db/migrate';
import { codeOf, LaunchFailure, reasonOf } from '../failure';

/** Failures whose message already says what to do. */
const FOR_OPERATORS = [LaunchFailure, SettingsError, NewerDatabaseError];

/**
 * The one line that a launcher prints last after a failure.
 *
 * @param wasRunning whether the system had been ready before
 */
export function explain(error: unknown, wasRunning: boolean): string {
  const what = wasRunning ? 'Holdfast has stopped' : 'Holdfast cannot start';
  return `${what}: ${whyOf(error)}`;
}

function whyOf(error: unknown): string {
  const text = reasonOf(error);
  if (codeOf(error) === 'ENOSPC' || text.includes('No space left on device')) {
    return `the disk is full, free some space and start again (${text})`;
  }
  if (FOR_OPERATORS.some((known) => error instanceof known)) return text;
  return `${error instanceof Error ? error.name : 'error'}: ${text}`;
}
