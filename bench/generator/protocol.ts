import { z } from 'zod';
import { measuredSchema, type Pids } from '../processes/meter';
import type { Window } from './closedLoop';

/** A person with an account, made by `site/people.ts`. */
export interface Person {
  userId: string;
  accessToken: string;
}

/** A person with a place in the room of the sale. */
export interface Customer extends Person {
  queueToken: string;
}

export interface PlainRequest {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

interface Target {
  /** The base URL of the requests, without a path. */
  url: string;
  /** The processes whose processor time counts. */
  pids: Pids;
}

interface Shopping extends Target {
  customers: readonly Customer[];
  /** Free seats of one schedule. No seat is requested twice. */
  seatIds: readonly string[];
  seatsEach: number;
  /** The file in which the clients record what they saw. */
  log: string;
}

export interface SaturateCommand extends Target {
  task: 'saturate';
  requests: readonly PlainRequest[];
  expectedStatus: number;
  /** `users` is the number of connections. */
  window: Window;
}

export interface ArriveCommand extends Target {
  task: 'arrive';
  requests: readonly PlainRequest[];
  expectedStatus: number;
  perSecond: number;
  seconds: number;
}

export type PurchasesCommand = Shopping & { task: 'purchases'; window: Window };
export type PurchaseArrivalsCommand = Shopping & {
  task: 'purchaseArrivals';
  perSecond: number;
  seconds: number;
};
/** A fixed number of reservations. It may take any time up to the bound. */
export type ManyPurchasesCommand = Shopping & {
  task: 'manyPurchases';
  users: number;
  purchases: number;
  atMostSeconds: number;
};
/** One hold at a time; each is released again. */
export type SingleHoldsCommand = Shopping & { task: 'singleHolds'; holds: number };

/** At the service without Temporal. */
export interface PlainPurchasesCommand extends Target {
  task: 'plainPurchases';
  customers: readonly Person[];
  seatIds: readonly string[];
  seatsEach: number;
  window: Window;
  /** The service is killed meanwhile. */
  cutOff: boolean;
}

export interface SaleCommand extends Target {
  task: 'sale';
  scheduleId: string;
  seats: number;
  arriveWithinMs: number;
  buyers: readonly Person[];
  /** Bots ask for seats repeatedly without waiting for their turn. */
  bots: readonly Person[];
  log: string;
  atMostSeconds: number;
}

export type GeneratorCommand =
  | SaturateCommand
  | ArriveCommand
  | PurchasesCommand
  | PurchaseArrivalsCommand
  | ManyPurchasesCommand
  | SingleHoldsCommand
  | PlainPurchasesCommand
  | SaleCommand;

/** The result of the shopping tasks. `seatsUsed` is where the next task begins. */
export const shoppedSchema = measuredSchema.extend({ seatsUsed: z.int() });
export type Shopped = z.infer<typeof shoppedSchema>;

export const saleResultSchema = measuredSchema.extend({
  /** From the first arrival to the last confirmation. Null if seats were left over. */
  soldOutSeconds: z.number().nullable(),
  sold: z.int(),
  reservations: z.int(),
  admitted: z.int(),
  /** How often each status came, and `error` for a connection without a response. */
  statuses: z.record(z.string(), z.int()),
  /** Events that must not happen: a 5xx response other than 503, or a bot with a seat before its turn. */
  surprises: z.array(z.string()),
});
export type SaleResult = z.infer<typeof saleResultSchema>;
