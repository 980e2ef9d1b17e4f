import type { ServiceClock } from '../../db/serviceClock';
import type { Logger } from '../../config/logging';
import type { ReservationStore } from '../../db/reservations/reservationStore';
import type { AdmissionService } from '../queue/admission';

/** The time after a hold and its settling, for a payment that was accepted just before the end. */
const MARGIN_SECONDS = 60;

export interface FreePlaceDependencies {
  settings: { HOLD_SECONDS: number; SETTLE_SECONDS: number };
  reservations: Pick<ReservationStore, 'hasOpen'>;
  admission: Pick<AdmissionService, 'free'>;
  clock: Pick<ServiceClock, 'now'>;
  logger: Logger;
}

/**
 * Gives the place of a buyer that has paid to the next client in line. But the buyer keeps the place while it holds
 * other seats that it was admitted to in that room. The response does not wait for this, and nothing depends on it: a
 * place that is not freed ends automatically.
 */
export function createFreePlace({ settings, reservations, admission, clock, logger }: FreePlaceDependencies) {
  const longestMs = (settings.HOLD_SECONDS + settings.SETTLE_SECONDS + MARGIN_SECONDS) * 1_000;

  return async function freePlace(userId: string, room: string): Promise<void> {
    try {
      const heldAfter = new Date(clock.now().getTime() - longestMs);
      if (await reservations.hasOpen(userId, room, heldAfter)) return;
      await admission.free(userId, room);
    } catch (error) {
      logger.warn({ err: error, userId }, 'the place of a buyer was not freed');
    }
  };
}
