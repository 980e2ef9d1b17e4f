import { Gauge, type Registry } from 'prom-client';
import { CIRCUITS, type GuardedGateway } from '../../gateways/circuitBreaker';

/** Shows whether charges are sent: 1 for the state that the circuit is in, 0 for the others. */
export function registerCircuitMetric(
  registry: Registry,
  gateways: readonly Pick<GuardedGateway, 'name' | 'circuit'>[],
): void {
  const gauge = new Gauge({
    name: 'holdfast_gateway_circuit',
    help: 'State of the circuit to each payment gateway, as this worker sees it',
    labelNames: ['gateway', 'state'],
    registers: [registry],
    collect() {
      for (const { name, circuit } of gateways) {
        const now = circuit();
        for (const state of CIRCUITS) gauge.set({ gateway: name, state }, state === now ? 1 : 0);
      }
    },
  });
}
