import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { KOREAN_POLICY, type CancellationPolicy } from '../../domain/cancellations/cancellationPolicy';
import { CURRENCY } from '../../domain/money';
import { Problem } from '../../domain/problems';
import { priceGrades } from '../../domain/catalogue/seatingPlan/grades';
import type { WaitingRoom } from '../../domain/queue/waitingRoom';
import { createConcertStore } from './concertStore';
import { createScheduleStore, type ScheduleChange } from './scheduleStore';
import { createSeatStore } from './seatStore';
import { createVenueStore, type NewVenue } from './venueStore';

/** A schedule as an operator describes it. */
export interface ScheduleDraft {
  venueId: string;
  startsAt: Date;
  saleOpensAt: Date;
  saleClosesAt: Date;
  /** By category of the venue's plan, in whole currency units. */
  prices: Readonly<Record<string, number>>;
  bookingFee: number;
  maxSeatsPerUser: number;
  waitingRoom?: WaitingRoom | undefined;
  /** If absent, the policy of Korean venues. */
  cancellationPolicy?: CancellationPolicy | undefined;
}

export interface ScheduleEdit extends ScheduleChange {
  blockSeatIds: readonly string[];
  unblockSeatIds: readonly string[];
}

export type CatalogueEditor = ReturnType<typeof createCatalogueEditor>;

/** The changes of operators to the catalogue, each in one transaction. If `db` is a transaction, they run inside it. */
export function createCatalogueEditor(db: Knex) {
  return {
    /**
     * @param venueId if a venue with this id exists, it stays unchanged
     * @returns its id
     */
    async addVenue(venue: Omit<NewVenue, 'venueId'>, venueId: string = newId()): Promise<string> {
      await db.transaction(async (transaction) =>
        createVenueStore(transaction).insert({ venueId, ...venue }),
      );
      return venueId;
    },

    /** @param concertId if a concert with this id exists, it stays unchanged */
    async addConcert(
      concert: { title: string; artist: string; description: string },
      concertId: string = newId(),
    ): Promise<string> {
      await createConcertStore(db).insert({ concertId, ...concert });
      return concertId;
    },

    /**
     * Adds a schedule with its grades, and a separate seat for every seat of the venue. Seats of a category without a
     * price are permanently blocked there.
     *
     * @param scheduleId if a schedule with this id exists, it stays unchanged
     * @returns its id
     * @throws {Problem} concert-not-found; validation-failed with every fault of venue, times and prices
     */
    async addSchedule(
      concertId: string,
      draft: ScheduleDraft,
      scheduleId: string = newId(),
    ): Promise<string> {
      if (!(await createConcertStore(db).find(concertId))) {
        throw new Problem('concert-not-found', 'There is no such concert.');
      }
      const categories = await createVenueStore(db).categories(draft.venueId);
      if (!categories) throw new Problem('venue-not-found', 'There is no such venue.');
      const { grades, faults } = priceGrades(categories, draft.prices);
      const allFaults = [...timeFaults(draft), ...faults];
      if (allFaults.length > 0) throw invalid(allFaults);

      const { venueId } = draft;
      const seats = grades.reduce((total, grade) => total + grade.seats, 0);
      await db.transaction(async (transaction) => {
        const added = await createScheduleStore(transaction).insert({
          ...draft,
          scheduleId,
          concertId,
          currency: CURRENCY,
          seatsTotal: seats,
          waitingRoom: draft.waitingRoom ?? null,
          cancellationPolicy: draft.cancellationPolicy ?? KOREAN_POLICY,
          grades,
        });
        if (added) await createSeatStore(transaction).insertAll({ scheduleId, venueId, seats });
      });
      return scheduleId;
    },

    /**
     * Changes the sale and the blocked seats: all of it or nothing.
     *
     * @throws {Problem} schedule-not-found; seat-not-found with `seatIds`; seat-unavailable with `unavailableSeatIds`,
     *   if a seat to block is held or sold
     */
    async editSchedule(
      scheduleId: string,
      { blockSeatIds, unblockSeatIds, ...change }: ScheduleEdit,
    ): Promise<void> {
      await db.transaction(async (transaction) => {
        const seats = createSeatStore(transaction);
        if (!(await createScheduleStore(transaction).update(scheduleId, change))) {
          throw new Problem('schedule-not-found', 'There is no such schedule.');
        }
        const named = [...blockSeatIds, ...unblockSeatIds];
        if (named.length === 0) return;
        const locked = new Map((await seats.lock(scheduleId, named)).map((seat) => [seat.seatId, seat]));
        const unknown = named.filter((seatId) => !locked.has(seatId));
        if (unknown.length > 0) {
          throw new Problem('seat-not-found', 'The schedule has no such seat.', { seatIds: unknown });
        }
        const taken = blockSeatIds.filter((seatId) => locked.get(seatId)?.taken);
        if (taken.length > 0) {
          throw new Problem('seat-unavailable', 'A seat that is held or sold cannot be blocked.', {
            unavailableSeatIds: taken,
          });
        }
        const priceless = unblockSeatIds.filter((seatId) => !locked.get(seatId)?.forSale);
        if (priceless.length > 0) {
          throw new Problem('seat-unavailable', 'A seat without a price is not for sale in this schedule.', {
            unavailableSeatIds: priceless,
          });
        }
        await seats.setBlocked(scheduleId, blockSeatIds, true);
        await seats.setBlocked(scheduleId, unblockSeatIds, false);
      });
    },
  };
}

interface Fault {
  path: string;
  message: string;
}

function timeFaults({ saleOpensAt, saleClosesAt, startsAt }: ScheduleDraft): Fault[] {
  const faults: Fault[] = [];
  if (saleOpensAt >= saleClosesAt) {
    faults.push({ path: 'saleClosesAt', message: 'The sale must close after it opens (saleOpensAt)' });
  }
  if (saleClosesAt > startsAt) {
    faults.push({ path: 'saleClosesAt', message: 'The sale must close by the start of the show (startsAt)' });
  }
  return faults;
}

function invalid(faults: readonly Fault[]): Problem {
  const detail = faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new Problem('validation-failed', detail, { errors: faults });
}
