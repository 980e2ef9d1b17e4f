import { Gauge, type Registry } from 'prom-client';

export interface GaugeOf<Overview> {
  name: string;
  help: string;
  labelNames?: string[];
  /** The samples that it shows; none if there is no value. */
  samples: (overview: Overview) => { labels?: Record<string, string>; value: number }[];
}

/**
 * Gauges whose values are read when Prometheus asks. If the read fails, only these gauges are missing from the
 * response.
 *
 * @param read called once for each response
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
        // A gauge without labels would show 0 for an unknown value.
        if (labelNames.length === 0) this.remove();
        for (const { labels = {}, value } of seen ? samples(seen) : []) this.set(labels, value);
      },
    });
    registry.registerMetric(gauge);
  }
}

/** Callers at the same time get one result. */
function shared<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<Answer> | null = null;
  return async () => (underWay ??= ask().finally(() => (underWay = null)));
}
