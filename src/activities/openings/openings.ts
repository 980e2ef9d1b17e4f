import { createDrawStore } from '../../db/openings/drawStore';
import { PermanentError } from '../../domain/permanentError';
import type { ActivityDependencies } from '../dependencies';

/** The steps of an opening. The waiting room of one schedule has the id of the schedule. */
export function createOpeningActivities({ db, lobby }: ActivityDependencies) {
  const draws = createDrawStore(db);
  return {
    /** The announced opening of the sale, milliseconds since 1970; null if the schedule has no draw. */
    async readOpening(scheduleId: string): Promise<number | null> {
      return (await draws.find(scheduleId))?.opensAt.getTime() ?? null;
    },

    /**
     * Closes the lobby: no client enters it from now on. If it runs again, it changes nothing.
     *
     * @returns how many are in it
     */
    closeLobby: async (scheduleId: string): Promise<number> => lobby.close(scheduleId),

    /**
     * Draws among the places in the lobby, unless a draw is recorded already.
     *
     * @param drawnAt milliseconds since 1970
     * @returns how many entries the recorded draw has; null for a schedule without a draw
     */
    async recordDraw(scheduleId: string, drawnAt: number): Promise<number | null> {
      const entries = await lobby.entries(scheduleId);
      await draws.record(scheduleId, [...entries.keys()], new Date(drawnAt));
      return (await draws.find(scheduleId))?.result?.entries.length ?? null;
    },

    /** Moves the lobby to the front of the line in the recorded order, and starts to admit clients from the line. */
    async lineUp(scheduleId: string): Promise<void> {
      const result = (await draws.find(scheduleId))?.result;
      if (!result) throw new PermanentError(`schedule ${scheduleId} has not been drawn`);
      await lobby.lineUp(scheduleId, result.entries);
    },

    /** @param openedAt milliseconds since 1970 */
    async markOpened(scheduleId: string, openedAt: number): Promise<void> {
      await draws.markOpened(scheduleId, new Date(openedAt));
    },
  };
}
