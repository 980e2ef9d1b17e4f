import type { Logger } from '../../config/logging';
import type { ReservationStore } from '../../db/reservationStore';
import type { AdmissionService } from '../queue/admission';
import type { ScheduleRoom } from '../queue/rooms';

/** Beyond the end of a hold and its settling, for a payment that was accepted just before it. */
const MARGIN_SECONDS = 60;

export interface FreePlaceDependencies {
  settings: { HOLD_SECONDS: number; SETTLE_SECONDS: number };
  reservations: Pick<ReservationStore, 'hasOpen'>;
  admission: Pick<AdmissionService, 'free' | 'roomOf'>;
  logger: Logger;
}

/**
 * Gives the place of a buyer who has paid to the next in line, unless the buyer still holds other seats in that
 * room. The buyer's answer does not wait for it, and nothing depends on it: what fails, the place's own end makes
 * up for.
 */
export function createFreePlace({ settings, reservations, admission, logger }: FreePlaceDependencies) {
  const longestMs = (settings.HOLD_SECONDS + settings.SETTLE_SECONDS + MARGIN_SECONDS) * 1_000;

  return async function freePlace(userId: string, schedule: ScheduleRoom): Promise<void> {
    try {
      const heldAfter = new Date(Date.now() - longestMs);
      if (await reservations.hasOpen(userId, admission.roomOf(schedule), heldAfter)) return;
      await admission.free(userId, schedule);
    } catch (error) {
      logger.warn({ err: error, userId }, 'the place of a buyer was not freed');
    }
  };
}
