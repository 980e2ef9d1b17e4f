import { rateOf } from '../bench';
import { saleResultSchema, type SaleResult } from '../generator/protocol';
import type { Row } from '../row';
import { hall, openSchedule, PRICE } from '../site/catalogue';

/** At most two seats with their fees. */
const POINTS = 10 * PRICE;
const MAX_SEATS_PER_USER = 4;
/**
 * How long a buyer who buys at once stays: to notice the admission (a client at the front polls every second), to
 * hold and to pay. By Little's law the room holds this number times the rate, so that the rate is the limit.
 */
const SECONDS_IN_ROOM = 2;

/** All buyers at once: a hall of 2,000 seats with its own waiting room, and ten times as many buyers. */
export const sale: Row = {
  subject: 'sale',
  figure: 'a sale until it is sold out',
  unit: 's',
  reference: 'seats ÷ the former ceiling',
  target: { atMost: 1.5 },

  async prepare({ site, generator, scale, pids }) {
    const { seats, arriveWithinMs, atMostSeconds } = scale.sale;
    const buyers = await site.people.welcome(scale.sale.buyers, POINTS);
    const bots = await site.people.welcome(scale.sale.bots, POINTS);
    return async (round) => {
      const ceiling = await round.ceiling('former');
      // The value of an operator who knows the machine: as many admissions a second as it can sell to.
      const admitPerSecond = Math.max(1, Math.round(ceiling.perSecond));
      const { scheduleId } = await openSchedule(site.client, {
        plan: hall(seats),
        bookingFee: 100,
        maxSeatsPerUser: MAX_SEATS_PER_USER,
        waitingRoom: { admitPerSecond, maxActive: admitPerSecond * SECONDS_IN_ROOM },
      });
      const result = await generator.ask(
        {
          task: 'sale',
          url: site.stack.apiUrl,
          pids,
          scheduleId,
          seats,
          arriveWithinMs,
          atMostSeconds,
          buyers,
          bots,
          log: site.log,
        },
        saleResultSchema,
      );
      return {
        ours: result.soldOutSeconds ?? result.seconds,
        reference: seats / ceiling.perSecond,
        cpuMs: { ours: rateOf(result).cpuMs, reference: ceiling.cpuMs },
        latencies: result.latencies,
        details: {
          buyers: buyers.length,
          reservations: result.reservations,
          'admitted a second': admitPerSecond,
          answers: JSON.stringify(result.statuses),
        },
        broken: brokenPromises(result, seats),
      };
    };
  },
};

function brokenPromises({ sold, surprises }: SaleResult, seats: number): string[] {
  return sold === seats ? surprises : [...surprises, `${sold} of ${seats} seats were sold in time`];
}
