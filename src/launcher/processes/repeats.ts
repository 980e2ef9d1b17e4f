import type { Report } from '../failure';

const WINDOW_MS = 60_000;
/** The number of different lines that it remembers. It forgets the oldest line first. */
const REMEMBERED = 100;

/**
 * Shows the same line at most once a minute, because a part repeats the same line during an outage. The next time it
 * shows the line, it adds how often it hid the line.
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
    // Deleted first, so that it becomes the newest entry.
    shown.delete(line);
    shown.set(line, { at: now(), hidden: 0 });
    const [oldest] = shown.keys();
    if (shown.size > REMEMBERED && oldest !== undefined) shown.delete(oldest);
  };
}
