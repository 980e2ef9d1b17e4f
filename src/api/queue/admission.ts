import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '../../domain/problems';
import { PLACE_MEMORY_SECONDS, type Place, type Queue, type Room } from '../../redis/queue/queue';
import type { TokenKind, Tokens } from '../accounts/tokens';
import { isDependencyFailure } from '../problems/dependencyFailure';
import { queueStatus, UNKNOWN_STATUS } from './presenter';
import { SERVICE_ROOM, type Rooms, type RoomFacts } from './rooms';
import type { QueueStatus } from './schema';

/**
 * A queue token says whose place it is, and in which room. Redis has the state of the place. The token outlives any
 * wait, so its expiry says nothing about the end of the place.
 */
export const QUEUE_TOKEN = {
  typ: 'holdfast-queue+jwt',
  lifeSeconds: PLACE_MEMORY_SECONDS,
  claims: z.object({ sub: z.string(), room: z.string(), jti: z.string() }),
} satisfies TokenKind<{ sub: string; room: string; jti: string }>;

/** The problems of `requireAdmission`, for the lists of the endpoints that call it. */
export const ADMISSION_PROBLEMS = [
  'invalid-queue-token',
  'queue-token-mismatch',
  'queue-token-wrong-room',
  'queue-not-admitted',
  'queue-token-expired',
] as const;

/** The problems of `requirePlace`, for the same lists. */
export const HOLDER_PROBLEMS = [
  'invalid-queue-token',
  'queue-token-mismatch',
  'queue-token-wrong-room',
  'queue-token-expired',
] as const;

/** A right to buy: the room that gave it, and the end of the place. */
export interface Admission {
  room: string;
  expiresAt: Date;
}

export interface TokenHolder {
  /** As the client sent it; undefined if it sent none. */
  token: string | undefined;
  userId: string;
}

export interface QueueTicket {
  queueToken: string;
  queue: QueueStatus;
}

export type AdmissionService = ReturnType<typeof createAdmissionService>;

/** The waiting rooms as the API's resources use them. */
export function createAdmissionService({
  queue,
  tokens,
  rooms,
}: {
  queue: Queue;
  tokens: Tokens;
  rooms: Rooms;
}) {
  /** @throws {Problem} invalid-queue-token, queue-token-expired or queue-token-mismatch */
  const readToken = async ({ token, userId }: TokenHolder) => {
    if (!token) throw new Problem('invalid-queue-token', 'A queue token is needed, and none was sent.');
    const verified = await tokens.verify(QUEUE_TOKEN, token);
    if (verified.outcome === 'invalid')
      throw new Problem('invalid-queue-token', 'The queue token is not valid.');
    if (verified.outcome === 'expired') throw expired();
    if (verified.claims.sub !== userId) {
      throw new Problem('queue-token-mismatch', 'The queue token was issued to another user.');
    }
    return verified.claims;
  };

  /** @throws {Problem} those of `readToken`, queue-token-wrong-room */
  const readTokenFor = async (schedule: RoomFacts, holder: TokenHolder) => {
    const { sub: userId, room: name, jti: placeId } = await readToken(holder);
    const room = rooms.of(schedule);
    if (name !== room.name) throw wrongRoom();
    return { room, key: { userId, placeId } };
  };

  const ticket = async (userId: string, room: Room, place: Place, placeId: string): Promise<QueueTicket> => {
    const claims = { sub: userId, room: room.name, jti: place.state === 'ENDED' ? placeId : place.placeId };
    return { queueToken: await tokens.sign(QUEUE_TOKEN, claims), queue: queueStatus(room, place) };
  };

  const enterRoom = async (userId: string, room: Room): Promise<QueueTicket> => {
    const placeId = randomUUID();
    return ticket(userId, room, await queue.enter(room, { userId, placeId }), placeId);
  };

  return {
    /**
     * Enters the room of a schedule, or the room of the service. A user that already has a place there gets the same
     * place.
     *
     * @throws {Problem} schedule-not-found
     */
    async enter(userId: string, scheduleId?: string): Promise<QueueTicket> {
      const room = scheduleId === undefined ? rooms.service : await rooms.find(scheduleId);
      if (!room) throw new Problem('schedule-not-found', 'No schedule has this id.');
      return enterRoom(userId, room);
    },

    /**
     * Enters the room of the service at a login. A login must not fail because Redis is down. In that case the token is
     * for a place that Redis does not know yet. Redis grants this place as soon as it is asked again.
     */
    async enterAtLogin(userId: string): Promise<QueueTicket> {
      try {
        return await enterRoom(userId, rooms.service);
      } catch (error) {
        if (!isDependencyFailure(error)) throw error;
        const claims = { sub: userId, room: SERVICE_ROOM, jti: randomUUID() };
        return { queueToken: await tokens.sign(QUEUE_TOKEN, claims), queue: UNKNOWN_STATUS };
      }
    },

    /**
     * Returns the state of the place of a token.
     *
     * @throws {Problem} invalid-queue-token, queue-token-mismatch, queue-token-expired
     */
    async status(holder: TokenHolder): Promise<QueueStatus> {
      const { sub, room: name, jti } = await readToken(holder);
      const room = name === SERVICE_ROOM ? rooms.service : await rooms.find(name);
      // If the schedule has lost its own room since then, its tokens have no room.
      if (room?.name !== name) throw expired();
      const place = await queue.look(room, { userId: sub, placeId: jti });
      if (place.state === 'ENDED') throw expired();
      return queueStatus(room, place);
    },

    /**
     * Lets a user through that is admitted to the room of the schedule. It costs one round trip to Redis.
     *
     * @throws {Problem} invalid-queue-token, queue-token-mismatch, queue-token-wrong-room, queue-not-admitted with
     *   `position`, queue-token-expired
     */
    async requireAdmission(holder: TokenHolder & { schedule: RoomFacts }): Promise<Admission> {
      const { room, key } = await readTokenFor(holder.schedule, holder);
      const place = await queue.look(room, key);
      if (place.state === 'ACTIVE') return { room: room.name, expiresAt: place.expiresAt };
      if (place.state === 'ENDED') throw expired();
      const { position, etaSeconds, pollAfterSeconds } = queueStatus(room, place);
      throw new Problem('queue-not-admitted', 'It is not your turn yet.', {
        position,
        etaSeconds,
        pollAfterSeconds,
      });
    },

    /**
     * Lets a client that holds seats through while its place has not ended. The client needs no new admission. It must
     * not lose its seats because another purchase has freed its place, or because Redis has lost the place. An operator
     * who switches the room of the schedule on or off must not cost the seats either. So the place may be in the room
     * that the schedule had when the seats were held, or in its present room. The client may have entered the present
     * room since.
     *
     * @param holder.heldIn the room that admitted the client to its seats
     * @returns the name of the room of the place
     * @throws {Problem} invalid-queue-token, queue-token-mismatch, queue-token-wrong-room, queue-token-expired
     */
    async requirePlace({
      schedule,
      heldIn,
      ...holder
    }: TokenHolder & { schedule: RoomFacts; heldIn: string }): Promise<string> {
      const { sub: userId, room, jti: placeId } = await readToken(holder);
      if (room !== heldIn && room !== rooms.of(schedule).name) throw wrongRoom();
      if (!(await queue.isLive(room, { userId, placeId }))) throw expired();
      return room;
    },

    /** Returns the admitted place of a user in a room. Its token stays valid. */
    async free(userId: string, room: string): Promise<void> {
      await queue.free(room, userId);
    },

    /**
     * Frees the place of a user in the room of the schedule, or in that of the service. Without Redis, it ends
     * automatically.
     */
    async leave(userId: string, schedule?: RoomFacts): Promise<void> {
      try {
        await queue.leave(schedule ? rooms.of(schedule).name : SERVICE_ROOM, userId);
      } catch (error) {
        if (!isDependencyFailure(error)) throw error;
      }
    },
  };
}

function wrongRoom(): Problem {
  return new Problem(
    'queue-token-wrong-room',
    'The queue token is for another room than this schedule needs.',
  );
}

function expired(): Problem {
  return new Problem('queue-token-expired', 'The place in the queue that this token is for has ended.');
}
