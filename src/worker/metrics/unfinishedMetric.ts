import type { Registry } from 'prom-client';
import type { CountByGateway } from '../../db/payments/gatewayWork';
import { registerGauges } from '../../metrics/gauges';

/**
 * Shows what each gateway has not finished. `configured="false"`: the service cannot ask this gateway, so the number
 * does not fall automatically.
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
        help: 'Charges, voids and refunds whose outcome is not known yet, by gateway',
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
