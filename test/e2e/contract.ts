/**
 * The responses of the REST contract, written from its page and not from the code. An extra or missing field is a
 * fault. What the page leaves open, such as `payment` of a reservation, is open here too.
 */
import { z } from 'zod';

const uuid = z.uuid();
const money = z.int();
const currency = z.literal('KRW');
/** ISO 8601 in UTC with milliseconds. */
const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

export const account = z.strictObject({ userId: uuid, id: z.string(), name: z.string().nullable() });

export const queue = z.strictObject({
  status: z.enum(['WAITING', 'ACTIVE']),
  position: z.int().min(0),
  etaSeconds: z.int().min(0).nullable(),
  pollAfterSeconds: z.int().min(1),
  supply: z.enum(['OPEN', 'FULL', 'SOLD_OUT']).optional(),
  expiresAt: instant.nullable(),
});

const pair = {
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.int().positive(),
  refreshToken: z.string(),
};
export const tokenPair = z.strictObject(pair);
export const login = z.strictObject({ ...pair, queueToken: z.string(), queue });
export const queueTicket = z.strictObject({ queueToken: z.string(), queue });
export const queueStatus = z.strictObject({ queue });
/** A place before the opening of a sale with its own room. */
export const lobbyTicket = z.strictObject({
  queueToken: z.string(),
  queue: queue.extend({ position: z.null(), etaSeconds: z.null(), opensAt: instant, entryId: uuid }),
});
export const draw = z.strictObject({
  scheduleId: uuid,
  status: z.enum(['COMMITTED', 'DRAWN']),
  algorithm: z.string(),
  seedHash: z.string(),
  opensAt: instant,
  drawnAt: instant.optional(),
  seed: z.string().optional(),
  entries: z.array(uuid).optional(),
});
export const jwks = z.strictObject({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) });

const saleStatus = z.enum(['UPCOMING', 'OPEN', 'PAUSED', 'SOLD_OUT', 'CLOSED', 'CANCELLED']);
const concert = {
  concertId: uuid,
  title: z.string(),
  artist: z.string(),
  venueName: z.string().nullable(),
  firstStartsAt: instant.nullable(),
  lastStartsAt: instant.nullable(),
  saleStatus,
};
export const concertPage = pageOf(z.strictObject(concert));
export const concertDetail = z.strictObject({ ...concert, description: z.string() });

const schedule = z.strictObject({
  scheduleId: uuid,
  startsAt: instant,
  saleOpensAt: instant,
  saleClosesAt: instant,
  saleStatus,
  seatsTotal: z.int(),
  seatsAvailable: z.int(),
  maxSeatsPerUser: z.int(),
  waitingRoom: z.strictObject({ admitPerSecond: z.number(), maxActive: z.int() }).nullable(),
});
export const scheduleList = z.strictObject({ items: z.array(schedule) });
/** "201 with the schedule": operators may get more fields. */
export const operatorsSchedule = z.looseObject(schedule.shape);

export const seatMap = z.strictObject({
  scheduleId: uuid,
  version: z.int(),
  currency,
  bookingFee: money,
  grades: z.array(z.strictObject({ grade: z.string(), price: money, color: z.string() })),
  seats: z.array(
    z.strictObject({
      seatId: uuid,
      zone: z.string(),
      row: z.string(),
      number: z.string(),
      grade: z.string(),
      price: money,
      status: z.enum(['AVAILABLE', 'HELD', 'SOLD', 'BLOCKED']),
      x: z.number(),
      y: z.number(),
      accessible: z.literal(true).optional(),
    }),
  ),
});
export type SeatMap = z.output<typeof seatMap>;

const reservedSeat = z.strictObject({
  seatId: uuid,
  zone: z.string(),
  row: z.string(),
  number: z.string(),
  grade: z.string(),
  price: money,
});
const held = {
  reservationId: uuid,
  scheduleId: uuid,
  seats: z.array(reservedSeat),
  amount: z.strictObject({ tickets: money, bookingFee: money, total: money, currency }),
  heldAt: instant,
  expiresAt: instant,
  holdSeconds: z.int(),
};
const ticket = z.strictObject({ ticketId: uuid, seatId: uuid });
export const hold = z.strictObject({
  ...held,
  status: z.literal('HELD'),
  /** Only for best available seats, if the plan does not say where its stage is. */
  assumedStage: z.strictObject({ x: z.number(), y: z.number() }).optional(),
});
const figures = {
  fee: money,
  bookingFeeRefund: money,
  refund: z.strictObject({ points: money, card: money, total: money, currency }),
};
const cancellation = {
  ...figures,
  cause: z.enum(['CUSTOMER', 'ORGANISER']),
  rule: z.string(),
  cancelledSeatIds: z.array(uuid),
  refundStatus: z.enum(['PENDING', 'DONE']),
  cancelledAt: instant,
};
export const cancellationPreview = z.strictObject({
  cancellable: z.boolean(),
  reason: z.string().nullable(),
  rule: z.string().nullable(),
  ...figures,
  cancellableUntil: instant,
  policy: z.looseObject({}),
});
export const cancelled = z.strictObject({
  reservationId: uuid,
  status: z.enum(['CANCELLED', 'CONFIRMED']),
  ...cancellation,
});
export const reservation = z.strictObject({
  ...held,
  status: z.enum(['HELD', 'PAYING', 'SETTLING', 'CONFIRMED', 'EXPIRED', 'RELEASED', 'CANCELLED']),
  payment: z.looseObject({ paymentId: uuid, status: z.string() }).optional(),
  tickets: z.array(ticket).optional(),
  cancellation: z.strictObject(cancellation).optional(),
});
export const reservationPage = pageOf(reservation);

export const paid = z.strictObject({
  paymentId: uuid,
  reservationId: uuid,
  status: z.literal('SUCCEEDED'),
  reservationStatus: z.literal('CONFIRMED'),
  amount: z.strictObject({ points: money, card: money, total: money, currency }),
  approvedAt: instant,
  tickets: z.array(ticket),
});
export const settling = z.strictObject({
  paymentId: uuid,
  reservationId: uuid,
  status: z.literal('SETTLING'),
  reservationStatus: z.literal('SETTLING'),
});
export const payment = z.looseObject({
  paymentId: uuid,
  reservationId: uuid,
  status: z.enum(['PENDING', 'SUCCEEDED', 'FAILED', 'SETTLING', 'REFUNDED', 'PARTIALLY_REFUNDED']),
  amount: paid.shape.amount,
});

const ticketSeat = reservedSeat.omit({ price: true });
export const issuedTicket = z.strictObject({
  ticketId: uuid,
  reservationId: uuid,
  seat: ticketSeat,
  schedule: z.strictObject({
    scheduleId: uuid,
    startsAt: instant,
    title: z.string(),
    artist: z.string(),
    venueName: z.string(),
    timeZone: z.string(),
  }),
  status: z.enum(['VALID', 'USED', 'VOID']),
  qr: z.string(),
});
export const admitted = z.strictObject({
  result: z.literal('ADMITTED'),
  ticketId: uuid,
  seat: ticketSeat,
});

export const wallet = z.strictObject({ balance: money, currency });
export const entryPage = pageOf(
  z.strictObject({
    entryId: z.string(),
    kind: z.string(),
    amount: money,
    balanceAfter: money,
    reservationId: uuid.optional(),
    createdAt: instant,
  }),
);
export const topUp = z.strictObject({
  topUpId: uuid,
  amount: money,
  status: z.literal('SUCCEEDED'),
  balance: money,
});

export const staff = z.looseObject({ id: z.string(), role: z.enum(['STAFF', 'OPERATOR']) });
const point = z.strictObject({ x: z.number(), y: z.number() });
export const venue = z.strictObject({
  venueId: uuid,
  seats: z.int(),
  stage: point.nullable(),
  warnings: z.array(z.strictObject({ path: z.string(), message: z.string().min(1) })),
});
/** "What a page needs to draw the hall". Each shape has its own measures. */
export const hallPlan = z.strictObject({
  scheduleId: uuid,
  version: z.int(),
  size: z.strictObject({ width: z.number(), height: z.number() }),
  stage: point.nullable(),
  categories: z.array(z.strictObject({ name: z.string(), color: z.string(), seats: z.int() })),
  zones: z.array(z.strictObject({ zone: z.string(), position: point })),
  rows: z.array(
    z.strictObject({
      zone: z.string(),
      row: z.string(),
      rowNumber: z.string(),
      rowNumberPosition: z.enum(['start', 'end', 'both']).nullable(),
      seats: z.array(z.strictObject({ seatId: uuid, guid: z.string() })),
    }),
  ),
  areas: z.array(
    z.looseObject({
      shape: z.enum(['polygon', 'rectangle', 'circle', 'ellipse', 'text']),
      position: point,
      rotation: z.number(),
      color: z.string().nullable(),
      borderColor: z.string().nullable(),
      text: z
        .strictObject({ text: z.string(), position: point, color: z.string(), size: z.number() })
        .nullable(),
    }),
  ),
});
export const newConcert = z.looseObject({ concertId: uuid, title: z.string(), artist: z.string() });
/** "Everything about one reservation: seats, money, timeline, and a link to its workflow." */
export const adminReservation = z.looseObject({
  ...reservation.shape,
  ledger: z.array(z.looseObject({ account: z.string(), amount: money })),
  timeline: z.array(z.looseObject({ at: instant })),
  workflow: z.looseObject({ workflowId: z.string(), url: z.url() }),
});

/** "Progress on `GET` of the same path". */
export const showCancellation = z.strictObject({
  scheduleId: uuid,
  status: z.enum(['RUNNING', 'PAUSED', 'DONE']),
  reason: z.string().nullable(),
  refundsPerSecond: z.int(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  currency,
  counts: z.record(z.string(), z.int().min(0)),
  refunded: z.strictObject({ points: money, card: money }),
  due: z.strictObject({ points: money, card: money }),
  failures: pageOf(z.looseObject({ reservationId: uuid, attempts: z.int(), lastFault: z.string() })),
  workflow: z.strictObject({ workflowId: z.string(), url: z.url() }),
});

/** RFC 9457, with the additional members of each problem. */
export const problem = z.looseObject({
  type: z.string().regex(/^\/problems\/[a-z0-9-]+$/),
  title: z.string().min(1),
  status: z.int(),
  detail: z.string().min(1),
  instance: z.string(),
});
export const validationProblem = problem.extend({
  errors: z.array(z.strictObject({ path: z.string(), message: z.string().min(1) })).min(1),
});
export type Problem = z.output<typeof problem>;

const kind = z.string();
const differenceStatus = z.enum(['OPEN', 'MENDING', 'RESOLVED']);
export const difference = z.strictObject({
  differenceId: uuid,
  kind,
  status: differenceStatus,
  subject: z.string(),
  gateway: z.string().nullable(),
  amount: money,
  currency,
  detail: z.looseObject({}),
  aroseAt: instant,
  firstSeenAt: instant,
  lastSeenAt: instant,
  resolvedAt: instant.nullable(),
  resolvedBy: uuid.nullable(),
  note: z.string().nullable(),
});
const reconciliationRun = {
  runId: uuid,
  depth: z.enum(['RECENT', 'DEEP']),
  window: z.strictObject({ from: instant, to: instant }),
  startedAt: instant,
};
export const reconciliation = z.strictObject({
  gateways: z.array(
    z.strictObject({
      gateway: z.string(),
      lastRun: z
        .strictObject({
          ...reconciliationRun,
          finishedAt: instant,
          durationSeconds: z.number(),
          read: z.strictObject({ charges: z.int(), attempts: z.int() }),
          money,
        })
        .nullable(),
      running: z.strictObject(reconciliationRun).nullable(),
    }),
  ),
  explained: z.number().min(0).max(1).nullable(),
  unexplained: money,
  oldestUnexplainedSeconds: z.int(),
  counts: z.array(z.strictObject({ kind, status: differenceStatus, count: z.int(), amount: money })),
  ...pageOf(difference).shape,
});
export const reconciliationRequested = z.strictObject({ requestedAt: instant });
