import { Problem } from '../../domain/problems';
import type { HoldFigures } from '../../redis/reservations/holdFigures';

const FLUSH_MS = 1_000;

/**
 * Measures how long holds take and whether they can be decided. It adds the figures up in the process and reports them
 * once a second.
 */
export interface HoldMeter {
  /** Runs a hold. */
  measure<Held>(hold: () => Promise<Held>): Promise<Held>;
}

/**
 * Holds under way count too once they have taken {@link FLUSH_MS}. So a system that responds to nothing is noticed
 * before its holds time out.
 *
 * @param tell reports what happened since the last time; must not reject
 */
export function createHoldMeter(tell: (figures: HoldFigures) => Promise<unknown>): HoldMeter {
  const underWay = new Set<{ startedAt: number }>();
  let figures = nothing();
  let timer: NodeJS.Timeout | undefined;

  const add = (milliseconds: number, failed: boolean): void => {
    figures.count += 1;
    figures.failed += failed ? 1 : 0;
    figures.milliseconds += milliseconds;
  };

  const flush = (): void => {
    timer = undefined;
    const now = performance.now();
    for (const { startedAt } of underWay) if (now - startedAt >= FLUSH_MS) add(now - startedAt, false);
    if (figures.count > 0) void tell(figures);
    figures = nothing();
    if (underWay.size > 0) wake();
  };
  const wake = (): void => {
    timer ??= setTimeout(flush, FLUSH_MS).unref();
  };

  return {
    async measure(hold) {
      const entry = { startedAt: performance.now() };
      underWay.add(entry);
      wake();
      let failed = false;
      try {
        return await hold();
      } catch (error) {
        failed = !(error instanceof Problem) || error.slug === 'temporarily-unavailable';
        throw error;
      } finally {
        underWay.delete(entry);
        add(performance.now() - entry.startedAt, failed);
      }
    },
  };
}

function nothing(): HoldFigures {
  return { count: 0, failed: 0, milliseconds: 0 };
}
