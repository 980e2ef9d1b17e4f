import type { Registry } from 'prom-client';
import { registerGauges, type GaugeOf } from '../../metrics/gauges';
import type { RoomOverview } from '../../redis/queue/roomPaces';

const GAUGES: readonly GaugeOf<readonly RoomOverview[]>[] = [
  {
    name: 'holdfast_waiting_room_rate',
    help: 'The most places a second that a waiting room lets in; +Inf without a limit',
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
    help: '1 for the reason of the present rate of a waiting room, and for the state of its seats',
    labelNames: ['room', 'reason', 'supply'],
    samples: (rooms) =>
      rooms.flatMap(({ room, pace, supply }) =>
        pace ? [{ labels: { room, reason: pace.reason, supply: supply ?? '' }, value: 1 }] : [],
      ),
  },
];

/** Exports the rooms that any process was asked about within the last minute. */
export function registerPaceMetrics(registry: Registry, read: () => Promise<readonly RoomOverview[]>): void {
  registerGauges(registry, GAUGES, read);
}
