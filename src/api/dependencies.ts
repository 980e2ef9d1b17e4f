import { Client, Connection } from '@temporalio/client';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { Logger } from '../config/logging';
import { createLogSampler, type LogSampler } from '../config/logSampler';
import type { Settings } from '../config/settings';
import { temporalConnectionOptions } from '../config/temporalConnection';
import { connectPostgres } from '../db/connect';
import { createServiceClock, type ServiceClock } from '../db/serviceClock';
import { createSigningKeyStore } from '../db/accounts/signingKeyStore';
import { storesOf, type Stores } from '../db/stores';
import { connectGateways } from '../gateways/connectGateways';
import { createGateways, type Gateways } from '../gateways/gateways';
import { createAddressHoldLog } from '../redis/reservations/addressHolds';
import { createBestEffort, type BestEffort } from '../redis/bestEffort';
import { createCatalogueCache, type Cache } from '../redis/cache';
import { connectRedis } from '../redis/connect';
import { createHoldFiguresStore } from '../redis/reservations/holdFigures';
import { createLoginTries } from '../redis/accounts/loginTries';
import { createQueue } from '../redis/queue/queue';
import { createSeatChanges } from '../redis/catalogue/seatChanges';
import { createSeatMapCache } from '../redis/catalogue/seatMapCache';
import { createRateLimits, type RateLimits } from '../redis/rateLimits';
import { createRoomPaces } from '../redis/queue/roomPaces';
import { createTicketPrinter, type PrintTicket } from './tickets/paper/paper';
import { createBlockedSessions, type BlockedSessions } from './accounts/blockedSessions';
import { createLoginPace, FREE_TRIES, type LoginPace } from './accounts/loginPace';
import { createAuthenticate, type Authenticate } from './accounts/accessTokens';
import { createAccounts, type Accounts } from './accounts/accounts';
import { createKeyRing, type KeyRing } from './accounts/keyRing';
import { createPasswords } from './accounts/passwords';
import { createSessions, type Sessions } from './accounts/sessions';
import { createTokens } from './accounts/tokens';
import { createLiveSeats, type LiveSeats } from './catalogue/liveSeats';
import { createSeatMaps, type SeatMaps } from './catalogue/seatMaps';
import { edgeBounds, type EdgeBounds } from './http/bounds';
import { createByteReader, type ReadBytes } from './http/bodyBytes';
import { createNetworkOf, type NetworkOf } from './http/clientNetwork';
import { createEventStreams, type EventStreams } from './http/eventStream';
import { createRequestLimits, type RequestLimits } from './edge/rateLimit';
import { createIdempotency, type Idempotency } from './idempotency/idempotency';
import { createAdmissionService, type AdmissionService } from './queue/admission';
import { createPaceControl } from './queue/paceControl';
import { registerPaceMetrics } from './queue/paceMetrics';
import { createRooms } from './queue/rooms';
import { createSystemSignals } from './queue/systemSignals';
import { createHoldLimits, NO_HOLD_LIMITS, type HoldLimits } from './reservations/holdLimits';
import { createHoldMeter, type HoldMeter } from './reservations/holdMeter';
import { createHttpMetrics, type HttpMetrics } from './edge/metrics';

/** The parts that the resources of the API use. They are built once at the start. */
export interface ApiDependencies {
  settings: Settings;
  logger: Logger;
  db: Knex;
  /** The stores of `db`. */
  stores: Stores;
  /** The clock that decides. */
  clock: ServiceClock;
  redis: Redis;
  temporal: Client;
  gateways: Gateways;
  metrics: HttpMetrics;
  /** Prevents lines that any client can cause from filling the log. */
  sampler: LogSampler;
  bounds: EdgeBounds;
  networkOf: NetworkOf;
  readBytes: ReadBytes;
  limits: RateLimits;
  /** The same limits, for those that count each request once. */
  requestLimits: RequestLimits;
  /** The keys that sign access and queue tokens. */
  keys: KeyRing;
  /** The keys that sign the codes of tickets. */
  ticketKeys: KeyRing;
  printTicket: PrintTicket;
  accounts: Accounts;
  /** Delays a client that guesses a password. */
  loginPace: LoginPace;
  /** The sessions whose access tokens the API rejects before they expire. */
  blockedSessions: BlockedSessions;
  /** The sessions, through the pool or within a transaction. */
  sessionsIn: (stores: Stores) => Sessions;
  idempotency: Idempotency;
  authenticate: Authenticate;
  admission: AdmissionService;
  /** Measures what holds cost, for the pace of the waiting rooms. */
  holdMeter: HoldMeter;
  holdLimits: HoldLimits;
  eventStreams: EventStreams;
  /** What clients read of the catalogue, in Redis. */
  catalogueCache: Cache;
  seatMaps: SeatMaps;
  /** Announces that the seat map of a schedule has changed. Also resolves if Redis is down. */
  bumpSeatVersion: (scheduleId: string) => Promise<unknown>;
  liveSeats: LiveSeats;
  /** Aborted when the service stops: event streams end then. */
  stopping: AbortSignal;
}

export interface RunningDependencies extends ApiDependencies {
  /** Ends every connection. The caller waits until no request is under way any more. */
  close(): Promise<void>;
}

/**
 * Connects. Postgres must respond, because the signing keys are there. Redis and Temporal may come later. Until then,
 * requests that need them get 503.
 */
export async function createDependencies(
  settings: Settings,
  logger: Logger,
  stopping: AbortSignal,
): Promise<RunningDependencies> {
  const db = connectPostgres(settings.DATABASE_URL, {
    poolSize: settings.DATABASE_POOL_SIZE,
    applicationName: 'holdfast-api',
    logger,
  });
  const stores = storesOf(db);
  const clock = await createServiceClock(db, logger);
  const redis = connectRedis(settings.REDIS_URL, { name: 'holdfast-api', logger });
  const subscriber = connectRedis(settings.REDIS_URL, { name: 'holdfast-api-subscriber', logger });
  const gateways = createGateways(connectGateways(settings.gateways), settings.PAYMENT_GATEWAY);
  const connection = Connection.lazy(temporalConnectionOptions(settings));
  const keys = await createKeyRing(createSigningKeyStore(db, 'session'));
  const ticketKeys = await createKeyRing(createSigningKeyStore(db, 'ticket'));
  const tokens = createTokens(keys);
  const passwords = createPasswords();
  const blockedSessions = await createBlockedSessions(stores.refreshTokens, logger);
  const temporal = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  const metrics = createHttpMetrics();
  const { schedules } = stores;
  const holds = createHoldFiguresStore(redis);
  const attempt = createBestEffort(redis, logger);
  const paces = createRoomPaces(redis);
  registerPaceMetrics(metrics.registry, async () => paces.latest());
  const control = createPaceControl({
    paces,
    signals: createSystemSignals({ holds, temporal, taskQueue: settings.TEMPORAL_TASK_QUEUE }),
    seats: async (scheduleId) => schedules.supply(scheduleId),
    logger,
  });
  const rooms = createRooms(schedules, {
    capacity: settings.QUEUE_CAPACITY,
    activeSeconds: settings.QUEUE_TOKEN_TTL_SECONDS,
  });
  const limits = createRateLimits({ redis, attempt, factor: settings.RATE_LIMIT_FACTOR });
  const bounds = edgeBounds({ sharesCount: settings.RATE_LIMIT_FACTOR > 0 });
  const networkOf = createNetworkOf(settings.TRUSTED_PROXIES);
  const eventStreams = createEventStreams({
    bounds,
    stopping,
    onRefused: () => metrics.refused('streams'),
  });
  const seatMapCache = createSeatMapCache(redis, attempt);
  const seatMaps = createSeatMaps(db, seatMapCache);
  return {
    settings,
    logger,
    db,
    stores,
    clock,
    redis,
    temporal,
    gateways,
    metrics,
    sampler: createLogSampler(logger, 'refused requests'),
    bounds,
    networkOf,
    readBytes: createByteReader({
      bounds: bounds.bodyBytes,
      networkOf,
      onRefused: () => metrics.refused('bodies'),
    }),
    limits,
    requestLimits: createRequestLimits(limits, networkOf),
    keys,
    ticketKeys,
    printTicket: await createTicketPrinter(),
    accounts: createAccounts(stores.users, passwords),
    loginPace: createLoginPace(createTries(settings, redis, attempt)),
    blockedSessions,
    sessionsIn: ({ refreshTokens }) => createSessions(refreshTokens, tokens),
    idempotency: createIdempotency({ db, passwords }),
    authenticate: createAuthenticate(tokens, blockedSessions),
    admission: createAdmissionService({ queue: createQueue(redis, undefined, control), tokens, rooms }),
    holdMeter: createHoldMeter(async (figures) => attempt(async () => holds.add(figures))),
    holdLimits: createLimitsOfHolds(settings, stores, redis, attempt),
    eventStreams,
    catalogueCache: createCatalogueCache(attempt),
    seatMaps,
    bumpSeatVersion: async (scheduleId) => seatMapCache.bump(scheduleId),
    liveSeats: createLiveSeats({
      seatMaps,
      cache: seatMapCache,
      changes: createSeatChanges(subscriber),
      streams: eventStreams,
    }),
    stopping,
    async close() {
      blockedSessions.stop();
      clock.stop();
      await connection.close();
      await gateways.close();
      redis.disconnect();
      subscriber.disconnect();
      await db.destroy();
    },
  };
}

function createLimitsOfHolds(
  settings: Settings,
  stores: Stores,
  redis: Redis,
  attempt: BestEffort,
): HoldLimits {
  const { RATE_LIMIT_FACTOR: factor } = settings;
  if (factor === 0) return NO_HOLD_LIMITS;
  return createHoldLimits({
    allowance: {
      ofSeat: settings.UNPAID_HOLDS_PER_SEAT * factor,
      ofSchedule: settings.UNPAID_HOLDS_PER_SCHEDULE * factor,
      ofAddress: settings.UNPAID_HOLDS_PER_ADDRESS * factor,
    },
    holdMs: settings.HOLD_SECONDS * 1_000,
    unpaidHolds: stores.unpaidHolds,
    addressHolds: createAddressHoldLog({ redis, attempt }),
  });
}

function createTries({ RATE_LIMIT_FACTOR: factor }: Settings, redis: Redis, attempt: BestEffort) {
  if (factor === 0) return null;
  return createLoginTries({ redis, attempt, free: Math.max(1, Math.round(FREE_TRIES * factor)) });
}
