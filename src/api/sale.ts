import { createSeatDirectory } from './reservations/seatDirectory';
import { createSeatClaim } from '../redis/reservations/seatClaim';
import { adminReservationRoutes } from './reservations/adminRoutes';
import { createCancellationWorkflows } from './cancellations/cancellationWorkflows';
import { createCancelReservation } from './cancellations/cancelReservation';
import { createReadFacts } from './cancellations/readFacts';
import { cancellationRoutes } from './cancellations/routes';
import type { ApiDependencies } from './dependencies';
import type { Endpoint } from './http/endpoint';
import { createTryCard } from './payments/cardTries';
import { createFreePlace } from './payments/freePlace';
import { createPayReservation } from './payments/payReservation';
import { paymentRoutes } from './payments/routes';
import { createHoldBest } from './reservations/holdBest';
import { createHoldClaimedSeats } from './reservations/holdClaimedSeats';
import { createHoldSeats } from './reservations/holdSeats';
import { createReleaseHold } from './reservations/releaseHold';
import { createReservationWorkflows } from './reservations/reservationWorkflows';
import { reservationRoutes } from './reservations/routes';
import { createSeatChoice } from './reservations/seatChoice';
import { walletRoutes } from './ledger/routes';
import { createBuyPoints } from './ledger/buyPoints';
import { createTopUpWorkflows } from './ledger/topUpWorkflows';
import { createReceiveEvent } from './payments/webhooks/receiveEvent';
import { webhookRoutes } from './payments/webhooks/routes';

/** The endpoints for holding, paying, cancelling, the wallet, and the operator's view of a reservation. */
export function saleRoutes(dependencies: ApiDependencies): Endpoint[] {
  const {
    settings,
    db,
    stores,
    clock,
    redis,
    temporal,
    gateways,
    logger,
    sampler,
    admission,
    holdMeter,
    holdLimits,
    limits,
    bumpSeatVersion,
  } = dependencies;
  const tryCard = createTryCard(limits);
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  const { reservations, payments, reservationTickets: tickets, cancellations, ledger } = stores;
  const directory = createSeatDirectory(db);
  const workflows = createReservationWorkflows(temporal, {
    taskQueue,
    settleSeconds: settings.SETTLE_SECONDS,
    logger,
  });
  const seatClaim = createSeatClaim(redis);
  const holdClaimedSeats = createHoldClaimedSeats({
    settings,
    seatClaim,
    seatNotices: { bumpSeatVersion, logger },
    holds: stores.holds,
    limits: holdLimits,
    workflows,
    meter: holdMeter,
  });
  const seatChoice = createSeatChoice(db);
  const holdBest = createHoldBest({ seatChoice, seatClaim, holdClaimedSeats });
  const holdSeats = createHoldSeats({
    directory,
    admission,
    seatClaim,
    holds: stores.holds,
    workflows,
    holdClaimedSeats,
    holdBest,
    clock,
  });
  const payReservation = createPayReservation({
    stores,
    gateway: gateways.current,
    directory,
    admission,
    workflows,
    freePlace: createFreePlace({ settings, reservations, admission, clock, logger }),
    tryCard,
    clock,
  });
  const readFacts = createReadFacts(reservations, cancellations);
  const cancelReservation = createCancelReservation({
    stores,
    readFacts,
    workflows: createCancellationWorkflows(temporal, { taskQueue }),
    clock,
  });
  const receiveEvent = createReceiveEvent({ db, temporal, taskQueue });
  return [
    ...reservationRoutes({
      holdSeats,
      releaseHold: createReleaseHold({ reservations, workflows, limits: holdLimits }),
      seatChoice,
      reservations,
      payments,
      tickets,
      cancellations,
    }),
    ...cancellationRoutes({ cancelReservation, readFacts, clock }),
    ...paymentRoutes({ payReservation, payments, tickets }),
    ...walletRoutes({
      ledger,
      buyPoints: createBuyPoints({
        gateway: gateways.current,
        topUps: stores.topUps,
        workflows: createTopUpWorkflows(temporal, { taskQueue }),
      }),
      tryCard,
    }),
    ...gateways.all.flatMap((gateway) => webhookRoutes({ gateway, receiveEvent, logger, sampler })),
    ...adminReservationRoutes({ settings, reservations, payments, tickets, cancellations, ledger }),
  ];
}
