import { rateOf } from '../bench';
import { shoppedSchema } from '../generator/protocol';
import type { Row } from '../row';
import { arena, openSchedule, PRICE } from '../site/catalogue';
import { enterRoom } from '../site/people';
import { sideBySide } from './sideBySide';

const SEATS_EACH = 2;
/** The share of the closed loop's throughput at which people arrive while the latency is measured. */
const LOAD = 0.5;

/** `POST /v1/reservations` with two free seats, then `POST /v1/payments`. The response must be CONFIRMED. */
const fullReservations = (way: string, bookingFee: number): Row => ({
  subject: 'reservations',
  figure: `full reservations, ${way}`,
  unit: 'a second',
  reference: 'the ceiling: Temporal alone',
  target: { atLeast: 0.85 },

  async prepare({ site, generator, scale, pids }) {
    const { users, rampMs, measuredMs } = scale;
    const people = await site.people.welcome(scale.customers, 100 * PRICE);
    const customers = await enterRoom(site.client, people);
    const { seatIds } = await openSchedule(site.client, { plan: await arena(), bookingFee });
    let used = 0;
    const shopping = () => ({
      url: site.stack.apiUrl,
      pids,
      customers,
      seatIds: seatIds.slice(used),
      seatsEach: SEATS_EACH,
      log: site.log,
    });
    const buy = async (command: PurchaseKind) => {
      const shopped = await generator.ask({ ...shopping(), ...command }, shoppedSchema);
      used += shopped.seatsUsed;
      return shopped;
    };

    const window = { users, rampMs, measuredMs };
    await buy({ task: 'purchases', window: { ...window, measuredMs: scale.warmUpMs } });
    return async (round) => {
      const [shopped, ceiling] = await sideBySide(
        round,
        () => buy({ task: 'purchases', window }),
        () => round.ceiling(),
      );
      const rate = rateOf(shopped);
      const perSecond = Math.min(rate.perSecond * LOAD, customers.length);
      const open = await buy({ task: 'purchaseArrivals', perSecond, seconds: measuredMs / 1_000 });
      return {
        ours: rate.perSecond,
        reference: ceiling.perSecond,
        cpuMs: { ours: rate.cpuMs, reference: ceiling.cpuMs },
        latencies: open.latencies,
        details: { 'arrivals a second for latency': perSecond },
      };
    };
  },
});

type PurchaseKind =
  | { task: 'purchases'; window: { users: number; rampMs: number; measuredMs: number } }
  | { task: 'purchaseArrivals'; perSecond: number; seconds: number };

export const fullReservationRows: Row[] = [
  fullReservations('points and card', 2_000),
  fullReservations('points only', 0),
];
