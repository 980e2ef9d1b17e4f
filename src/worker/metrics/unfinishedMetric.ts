import type { Registry } from 'prom-client';
import type { CountByGateway } from '../../db/payments/gatewayWork';
import { registerGauges } from '../../metrics/gauges';

/**
 * Shows what each gateway has not finished. `configured="false"`: it cannot be asked, so that does not become less by
 * itself.
 */
export function registerUnfinishedMetric(
  registry: Registry,
  gateways: readonly { name: string }[],
  read: () => Promise<CountByGateway>,
): void {
  const configured = gateways.map(({ name }) => name);
  registerGauges(
    registry,
    [
      {
        name: 'holdfast_gateway_unfinished',
        help: 'Charges, voids and refunds whose end is not known yet, by gateway',
        labelNames: ['gateway', 'configured'],
        samples: (unfinished) =>
          [...new Set([...configured, ...unfinished.keys()])].map((gateway) => ({
            labels: { gateway, configured: String(configured.includes(gateway)) },
            value: unfinished.get(gateway) ?? 0,
          })),
      },
    ],
    read,
  );
}
