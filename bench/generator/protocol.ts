import { z } from 'zod';
import { measuredSchema, type Pids } from '../processes/meter';
import type { Window } from './closedLoop';

/** A person with an account, as `site/people.ts` makes them. */
export interface Person {
  userId: string;
  accessToken: string;
}

/** One with a place in the room that the sale asks for. */
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
  /** Where it is sent to, without a path. */
  url: string;
  /** Whose processor time counts. */
  pids: Pids;
}

interface Shopping extends Target {
  customers: readonly Customer[];
  /** Free seats of one schedule; none is asked for twice. */
  seatIds: readonly string[];
  seatsEach: number;
  /** Where what the clients saw is written down. */
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
/** A number of reservations, however long it takes but for the bound. */
export type ManyPurchasesCommand = Shopping & {
  task: 'manyPurchases';
  users: number;
  purchases: number;
  atMostSeconds: number;
};
/** One hold at a time, each released again. */
export type SingleHoldsCommand = Shopping & { task: 'singleHolds'; holds: number };

export interface SaleCommand extends Target {
  task: 'sale';
  scheduleId: string;
  seats: number;
  arriveWithinMs: number;
  buyers: readonly Person[];
  /** Ask for seats again and again without waiting for their turn. */
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
  | SaleCommand;

/** To the shopping tasks; `seatsUsed` says where the next one begins. */
export const shoppedSchema = measuredSchema.extend({ seatsUsed: z.int() });
export type Shopped = z.infer<typeof shoppedSchema>;

export const saleResultSchema = measuredSchema.extend({
  /** From the first arrival to the last confirmation; null where seats were left over. */
  soldOutSeconds: z.number().nullable(),
  sold: z.int(),
  reservations: z.int(),
  admitted: z.int(),
  /** How often each status was answered, and `error` where a connection gave none. */
  statuses: z.record(z.string(), z.int()),
  /** What nobody may see: an answer 5xx other than 503, a bot with a seat before its turn. */
  surprises: z.array(z.string()),
});
export type SaleResult = z.infer<typeof saleResultSchema>;
