import { inTransaction } from '../../src/db/stores';
import { randomUUID } from 'node:crypto';
import { createLogger } from '../../src/config/logging';
import { grantHold, type HoldToGrant } from '../../src/api/reservations/grantHold';
import type { HeldReservation } from '../../src/domain/reservations/hold';
import { createBestEffort } from '../../src/redis/bestEffort';
import { createLobby } from '../../src/redis/queue/lobby';
import { createSeatClaim } from '../../src/redis/reservations/seatClaim';
import { createSeatMapCache } from '../../src/redis/catalogue/seatMapCache';
import type { ActivityDependencies } from '../../src/activities/dependencies';
import { SETTLE_SECONDS } from './durations';
import { createCancellationRequestStore } from '../../src/db/cancellations/cancellationRequestStore';
import { createPaymentStore } from '../../src/db/payments/paymentStore';
import type { CancellationCause } from '../../src/domain/cancellations/cancellationTerms';
import { createTopUpStore, type TopUp } from '../../src/db/ledger/topUpStore';
import { anAttempt, type RequestedAttempt } from './factories';
import type { PaymentStep } from './steps';
import type { GatewayName } from '../../src/domain/payments/gateway';
import { createGateways } from '../../src/gateways/gateways';
import { openBooks, type Books } from './books';
import { createTestDatabase, type TestDatabase } from './database';
import { createTestRedis, type TestRedis } from './redis';
import { createScriptedGateway, type ScriptedGateway } from './scriptedGateway';

/**
 * Everything that activities work with: a separate real Postgres database and Redis database, and a gateway that
 * follows a script.
 */
export interface Fixture {
  database: TestDatabase;
  redis: TestRedis;
  gateway: ScriptedGateway;
  books: Books;
  dependencies: ActivityDependencies;
  /** Grants a hold as the API does, without a workflow. */
  grant(hold: HoldToGrant): Promise<HeldReservation>;
  /**
   * Records an attempt to pay a hold, as the API does. By default, points pay for the seats, the card pays the
   * booking fee, and the gateway is the one that takes new payments.
   */
  request(
    hold: Pick<HoldToGrant, 'reservationId' | 'scheduleId' | 'userId' | 'seatIds'>,
    attempt?: RequestedAttempt,
    gatewayName?: GatewayName,
  ): Promise<PaymentStep>;
  /** Records a top-up, as the API does. */
  requestTopUp(userId: string, amount: number, gatewayName?: GatewayName): Promise<TopUp>;
  /** Records a cancellation, as the API does for a customer. @returns its id */
  requestCancellation(reservationId: string, cause?: CancellationCause, seatIds?: string[]): Promise<string>;
  /** Moves a hold into the past, so that it has expired. */
  letExpire(reservationId: string): Promise<void>;
  /**
   * Runs after each test: forgets the script, and compares Postgres and the gateway's book with the design's
   * invariants.
   *
   * @throws an error that lists every fault
   */
  endTest(): Promise<void>;
  drop(): Promise<void>;
}

export async function createFixture(): Promise<Fixture> {
  const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  const logger = createLogger('test', 'error');
  const gateway = createScriptedGateway();
  const books = openBooks(database.owner);
  const seatMap = createSeatMapCache(redis.redis, createBestEffort(redis.redis, logger));
  const dependencies: ActivityDependencies = {
    db: database.db,
    seatClaim: createSeatClaim(redis.redis),
    lobby: createLobby(redis.redis),
    bumpSeatVersion: (scheduleId) => seatMap.bump(scheduleId),
    gateways: createGateways([gateway], gateway.name),
    settleSeconds: SETTLE_SECONDS,
    stranded: () => undefined,
    permanentFailure: () => undefined,
    reconcileAfterMs: 900_000,
    rollout: null,
    logger,
  };
  return {
    database,
    redis,
    gateway,
    books,
    dependencies,
    async grant(hold) {
      const held = await inTransaction(database.db, async (stores) => grantHold(stores, hold));
      const seatIds = held.seats.map((seat) => seat.seatId);
      await dependencies.seatClaim.markTaken(hold.scheduleId, seatIds, hold.reservationId);
      return held;
    },
    async request(
      { reservationId, scheduleId, userId, seatIds },
      { paymentId, amount, paymentKey = null } = anAttempt(seatIds.length),
      gatewayName = gateway.name,
    ) {
      const step = { paymentId, reservationId, userId, amount, paymentKey, gateway: gatewayName };
      const { createdAt } = await createPaymentStore(database.db).request(step);
      return { ...step, scheduleId, requestedAt: createdAt.getTime() };
    },
    requestTopUp: async (userId, amount, gatewayName = gateway.name) =>
      createTopUpStore(database.db).request({
        topUpId: randomUUID(),
        userId,
        amount,
        currency: 'KRW',
        paymentKey: null,
        gateway: gatewayName,
      }),
    async requestCancellation(reservationId, cause = 'CUSTOMER', seatIds) {
      const cancellationId = randomUUID();
      const requests = createCancellationRequestStore(database.db);
      await requests.request({ cancellationId, reservationId, cause, seatIds: seatIds ?? null });
      return cancellationId;
    },
    async letExpire(reservationId) {
      await database.owner.raw(
        `UPDATE reservations SET held_at = held_at - (expires_at - now()), expires_at = now() WHERE id = ?`,
        [reservationId],
      );
    },
    async endTest() {
      gateway.reset();
      const owed = await books.owedByGateway();
      const taken = gateway.takenInAll();
      const faults = await books.faults();
      if (owed !== taken) faults.push(`the gateway took ${taken}, the ledger says ${owed}`);
      if (faults.length > 0) throw new Error(faults.join('\n'));
    },
    async drop() {
      await Promise.all([database.drop(), redis.drop()]);
    },
  };
}
