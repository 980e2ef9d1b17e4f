import { LRUCache } from 'lru-cache';
import type { ScheduleStore } from '../../db/catalogue/scheduleStore';
import type { WaitingRoom } from '../../domain/queue/waitingRoom';
import type { Room } from '../../redis/queue/queue';

/** The room that a login enters. It admits to every schedule without a room of its own. */
export const SERVICE_ROOM = 'service';

/** The facts of a schedule that decide which room admits to it. */
export interface RoomFacts {
  scheduleId: string;
  waitingRoom: WaitingRoom | null;
  saleOpensAt?: Date;
  /** null or left out: the room has no draw. */
  drawDone?: boolean | null;
}

export interface Rooms {
  readonly service: Room;
  /** The own room of the schedule, or the room of the service if it has none. */
  of(schedule: RoomFacts): Room;
  /** The room of a schedule, read at most every {@link SCHEDULE_AGE_MS}. Null for an unknown schedule. */
  find(scheduleId: string): Promise<Room | null>;
}

/** Waiting clients ask often. A new rate from an operator takes effect after this time at the latest. */
const SCHEDULE_AGE_MS = 2_000;

export interface RoomSettings {
  /** Active places of the service-wide room. */
  capacity: number;
  activeSeconds: number;
}

export function createRooms(schedules: Pick<ScheduleStore, 'facts'>, settings: RoomSettings): Rooms {
  const { activeSeconds } = settings;
  const service: Room = {
    name: SERVICE_ROOM,
    maxActive: settings.capacity,
    admitPerSecond: null,
    activeSeconds,
  };
  const known = new LRUCache<string, RoomFacts>({ max: 1_000, ttl: SCHEDULE_AGE_MS });
  const of = ({ scheduleId, waitingRoom, saleOpensAt, drawDone = null }: RoomFacts): Room => {
    if (!waitingRoom) return service;
    const draw = saleOpensAt && drawDone !== null ? { opensAt: saleOpensAt, done: drawDone } : undefined;
    return { name: scheduleId, scheduleId, ...waitingRoom, activeSeconds, draw };
  };

  return {
    service,
    of,
    async find(scheduleId) {
      const remembered = known.get(scheduleId);
      if (remembered) return of(remembered);
      const schedule = await schedules.facts(scheduleId);
      if (!schedule) return null;
      known.set(scheduleId, schedule);
      return of(schedule);
    },
  };
}
