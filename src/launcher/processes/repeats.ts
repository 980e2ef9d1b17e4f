import type { Report } from '../failure';

const WINDOW_MS = 60_000;
/** Different lines that are remembered; the oldest goes. */
const REMEMBERED = 100;

/**
 * Shows the same line at most once a minute: in an outage a part says the same again and again. The next time it is shown, it
 * says how often it was not.
 *
 * @param now milliseconds since 1970
 */
export function withoutRepeats(report: Report, now: () => number = Date.now): Report {
  const shown = new Map<string, { at: number; hidden: number }>();
  return (line) => {
    const last = shown.get(line);
    if (last && now() - last.at < WINDOW_MS) {
      last.hidden += 1;
      return;
    }
    report(last && last.hidden > 0 ? `${line} (${last.hidden} times more since then)` : line);
    // Deleted first, so that it counts as the newest.
    shown.delete(line);
    shown.set(line, { at: now(), hidden: 0 });
    const [oldest] = shown.keys();
    if (shown.size > REMEMBERED && oldest !== undefined) shown.delete(oldest);
  };
}
