import type { Logger } from '../../config/logging';
import { nextPace } from '../../domain/queue/admissionPace';
import { supplyState, type SeatSupply } from '../../domain/catalogue/seatSupply';
import type { PaceControl, Room } from '../../redis/queue/queue';
import type { RoomPaces } from '../../redis/queue/roomPaces';
import type { SystemSignals } from './systemSignals';

/** The least rate of a room without a rate of its own: about a tenth of the holds that a small machine does. */
const LEAST_PER_SECOND = 10;

export interface PaceControlDependencies {
  paces: RoomPaces;
  signals: () => Promise<SystemSignals>;
  /** The present supply of a schedule. */
  seats: (scheduleId: string) => Promise<SeatSupply>;
  logger: Logger;
}

/**
 * Takes the control steps of the rooms. Each room has one step a second over all processes: the script of the rooms
 * decides which process takes it. A step that fails changes nothing, and the next one is a second later.
 */
export function createPaceControl({ paces, signals, seats, logger }: PaceControlDependencies): PaceControl {
  const underWay = new Map<string, Promise<void>>();
  let failing = false;

  async function takeStep(room: Room, at: number): Promise<void> {
    const { name, scheduleId, admitPerSecond: most } = room;
    const [before, system, supply] = await Promise.all([
      paces.read(name),
      signals(),
      scheduleId === undefined ? null : seats(scheduleId),
    ]);
    const least = room.minAdmitPerSecond ?? (most === null ? LEAST_PER_SECOND : most / 10);
    const { waiting, pace } = before;
    const next = nextPace(pace?.rate ?? null, { ...system, waiting }, { least, most });
    const state = supply && supplyState(supply);
    await paces.write(name, at, next, supply && state && { available: supply.available, state });
    if (next.reason !== (pace?.reason ?? 'full-speed') || state !== before.supply) {
      logger.info(
        { room: name, ...next, supply: state, waiting, ...system },
        'the pace of a room has changed',
      );
    }
  }

  async function tryStep(room: Room, at: number): Promise<void> {
    try {
      await takeStep(room, at);
      failing = false;
    } catch (error) {
      // Logs one line for an outage, not one for each second.
      if (!failing) logger.warn({ err: error, room: room.name }, 'the pace of a room cannot be set');
      failing = true;
    }
  }

  return {
    async step(room, at) {
      const step = tryStep(room, at);
      underWay.set(room.name, step);
      await step;
      if (underWay.get(room.name) === step) underWay.delete(room.name);
    },
    underWay: (roomName) => underWay.get(roomName),
  };
}
