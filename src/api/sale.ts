import { createCancellationRequestStore } from '../db/cancellations/cancellationRequestStore';
import { createCancellationStore } from '../db/cancellations/cancellationStore';
import { createHoldStore } from '../db/reservations/holdStore';
import { createLedgerStore } from '../db/ledger/ledgerStore';
import { createPaymentStore } from '../db/payments/paymentStore';
import { createReservationTickets } from '../db/tickets/reservationTickets';
import { createReservationStore } from '../db/reservations/reservationStore';
import { createSeatDirectory } from './reservations/seatDirectory';
import { createTopUpStore } from '../db/ledger/topUpStore';
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
import { createHoldClaimed } from './reservations/holdClaimed';
import { createPlaceHold } from './reservations/placeHold';
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
    redis,
    temporal,
    gateways,
    logger,
    sampler,
    admission,
    idempotency,
    holdMeter,
    holdLimits,
    limits,
    bumpSeatVersion,
  } = dependencies;
  const tryCard = createTryCard(limits);
  const ledger = createLedgerStore(db);
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  const reservations = createReservationStore(db);
  const payments = createPaymentStore(db);
  const tickets = createReservationTickets(db);
  const cancellations = createCancellationStore(db);
  const directory = createSeatDirectory(db);
  const workflows = createReservationWorkflows(temporal, {
    taskQueue,
    settleSeconds: settings.SETTLE_SECONDS,
    logger,
  });
  const seatClaim = createSeatClaim(redis);
  const holdClaimed = createHoldClaimed({
    settings,
    seatClaim,
    seatNotices: { bumpSeatVersion, logger },
    holds: createHoldStore(db),
    limits: holdLimits,
    workflows,
    meter: holdMeter,
  });
  const seatChoice = createSeatChoice(db);
  const holdBest = createHoldBest({ seatChoice, seatClaim, holdClaimed });
  const placeHold = createPlaceHold({
    idempotency,
    directory,
    admission,
    seatClaim,
    workflows,
    holdClaimed,
    holdBest,
  });
  const payReservation = createPayReservation({
    db,
    gateway: gateways.current,
    directory,
    admission,
    reservations,
    payments,
    workflows,
    freePlace: createFreePlace({ settings, reservations, admission, logger }),
    tryCard,
  });
  const readFacts = createReadFacts(reservations, cancellations);
  const cancelReservation = createCancelReservation({
    db,
    readFacts,
    requests: createCancellationRequestStore(db),
    workflows: createCancellationWorkflows(temporal, { taskQueue }),
  });
  const receiveEvent = createReceiveEvent({ db, temporal, taskQueue });
  return [
    ...reservationRoutes({
      placeHold,
      releaseHold: createReleaseHold({ reservations, workflows, limits: holdLimits }),
      seatChoice,
      reservations,
      payments,
      tickets,
      cancellations,
    }),
    ...cancellationRoutes({ idempotency, cancelReservation, readFacts }),
    ...paymentRoutes({ idempotency, payReservation, payments, tickets }),
    ...walletRoutes({
      idempotency,
      ledger,
      buyPoints: createBuyPoints({
        gateway: gateways.current,
        topUps: createTopUpStore(db),
        workflows: createTopUpWorkflows(temporal, { taskQueue }),
      }),
      tryCard,
    }),
    ...gateways.all.flatMap((gateway) => webhookRoutes({ gateway, receiveEvent, logger, sampler })),
    ...adminReservationRoutes({ settings, reservations, payments, tickets, cancellations, ledger }),
  ];
}
