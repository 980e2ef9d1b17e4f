import type { Service } from '../../e2e/service';
import { startCrowd } from '../crowd';
import { followSeatMap } from '../seatFollower';
import { startTopUps } from '../topUps';

const SEATS = 100;
const BUYERS = 25;
const FOLLOWERS = 10;
/** Longer than any series of faults keeps the service away. */
const PATIENCE_MS = 600_000;

const CARDS = [
  'sandbox:approve',
  'sandbox:approve',
  'sandbox:approve',
  'sandbox:approve',
  'sandbox:decline',
  'sandbox:slow:1500',
  'sandbox:error-500',
  'sandbox:error-after-charge',
  'sandbox:timeout-after-charge',
  'sandbox:flaky:1',
  'sandbox:authorise',
  'sandbox:authorise-timeout',
  'sandbox:webhook-twice',
  'sandbox:late-look-up:2500',
  'sandbox:refund-refused:1',
  'sandbox:refund-error:2',
  'sandbox:refund-timeout:1',
];

export type Load = Awaited<ReturnType<typeof startLoad>>;

/** Buyers that hold, pay, cancel and top up, and clients that follow the seat map, on one sale. */
export async function startLoad(service: Service) {
  const { client, stack } = service;
  const [{ seatIds, scheduleId }, users] = await Promise.all([
    service.openSale({ seats: SEATS, maxSeatsPerUser: SEATS }),
    service.buyers(BUYERS),
  ]);
  const options = { cards: CARDS, patienceMs: PATIENCE_MS };
  const crowd = startCrowd(client, users, seatIds, options);
  const topUps = startTopUps(client, users, options);
  const followers = Array.from({ length: FOLLOWERS }, () => followSeatMap(stack.apiUrl, scheduleId));
  return {
    scheduleId,
    crowd,
    topUps,
    followers,
    /** Ends the buyers. Resolves when every request has its final response. The followers go on. */
    stopBuyers: async () => Promise.all([crowd.stop(), topUps.stop()]),
    stopFollowers() {
      for (const follower of followers) follower.stop();
    },
  };
}
