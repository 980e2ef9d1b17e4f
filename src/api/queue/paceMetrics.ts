import type { Registry } from 'prom-client';
import { registerGauges, type GaugeOf } from '../../metrics/gauges';
import type { RoomOverview } from '../../redis/queue/roomPaces';

const GAUGES: readonly GaugeOf<readonly RoomOverview[]>[] = [
  {
    name: 'holdfast_waiting_room_rate',
    help: 'Places a second that a waiting room lets in at most; +Inf without a limit',
    labelNames: ['room'],
    samples: (rooms) =>
      rooms.flatMap(({ room, pace }) => (pace ? [{ labels: { room }, value: pace.rate ?? Infinity }] : [])),
  },
  {
    name: 'holdfast_waiting_room_waiting',
    help: 'People in the line of a waiting room',
    labelNames: ['room'],
    samples: (rooms) => rooms.map(({ room, waiting }) => ({ labels: { room }, value: waiting })),
  },
  {
    name: 'holdfast_waiting_room_active',
    help: 'People whom a waiting room has let in and whose place has not ended',
    labelNames: ['room'],
    samples: (rooms) => rooms.map(({ room, active }) => ({ labels: { room }, value: active })),
  },
  {
    name: 'holdfast_waiting_room_reason',
    help: '1 for why a waiting room lets in as many as it does, and for the state of its seats',
    labelNames: ['room', 'reason', 'supply'],
    samples: (rooms) =>
      rooms.flatMap(({ room, pace, supply }) =>
        pace ? [{ labels: { room, reason: pace.reason, supply: supply ?? '' }, value: 1 }] : [],
      ),
  },
];

/** The rooms that were asked about within the last minute, by any process. */
export function registerPaceMetrics(registry: Registry, read: () => Promise<readonly RoomOverview[]>): void {
  registerGauges(registry, GAUGES, read);
}
