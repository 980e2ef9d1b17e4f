import { Gauge, type Registry } from 'prom-client';

export interface GaugeOf<Overview> {
  name: string;
  help: string;
  labelNames?: string[];
  /** What it shows; nothing where there is nothing to say. */
  samples: (overview: Overview) => { labels?: Record<string, string>; value: number }[];
}

/**
 * Gauges of something that is read when Prometheus asks. Where it cannot be read, these are missing from the answer,
 * and nothing else is.
 *
 * @param read asked once for each answer
 */
export function registerGauges<Overview>(
  registry: Registry,
  gauges: readonly GaugeOf<Overview>[],
  read: () => Promise<Overview>,
): void {
  const overview = shared(async () => read().catch(() => null));
  for (const { name, help, labelNames = [], samples } of gauges) {
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [],
      async collect() {
        const seen = await overview();
        this.reset();
        // A gauge without labels would show 0 for what is not known.
        if (labelNames.length === 0) this.remove();
        for (const { labels = {}, value } of seen ? samples(seen) : []) this.set(labels, value);
      },
    });
    registry.registerMetric(gauge);
  }
}

/** Callers at the same time get one answer. */
function shared<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<Answer> | null = null;
  return async () => (underWay ??= ask().finally(() => (underWay = null)));
}
