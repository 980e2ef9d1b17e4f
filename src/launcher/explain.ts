import { SettingsError } from '../config/settings';
import { codeOf, LaunchFailure, reasonOf } from './failure';

/**
 * The one line with which a launcher ends after a failure.
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
  if (error instanceof LaunchFailure || error instanceof SettingsError) return text;
  return `${error instanceof Error ? error.name : 'error'}: ${text}`;
}
