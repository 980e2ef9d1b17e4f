import { randomUUID } from 'node:crypto';

type Status =
  | 'READY'
  | 'IN_PROGRESS'
  | 'WAITING_FOR_DEPOSIT'
  | 'DONE'
  | 'CANCELED'
  | 'PARTIAL_CANCELED'
  | 'ABORTED'
  | 'EXPIRED';

export interface TossPayment {
  paymentKey: string;
  orderId: string;
  status: Status;
  method: string | null;
  currency: string;
  totalAmount: number;
  balanceAmount: number;
  requestedAt: string;
  approvedAt: string | null;
  cancels: TossCancel[] | null;
  failure: { code: string; message: string } | null;
}

interface TossCancel {
  cancelAmount: number;
  cancelReason: string;
  canceledAt: string;
  transactionKey: string;
  refundableAmount: number;
  cancelStatus: string;
}

export interface TossTransaction {
  transactionKey: string;
  paymentKey: string;
  orderId: string;
  status: Status;
  currency: string;
  amount: number;
  transactionAt: string;
}

/** What a payer's browser leaves at Toss. */
export interface Prepared {
  orderId: string;
  amount: number;
  currency?: string;
  method?: string | null;
  /** Default: IN_PROGRESS, which means that the payer is authenticated. */
  status?: Status;
  /** The error with which the card declines. */
  refusal?: TossError;
}

export interface TossError {
  status: number;
  code: string;
}

export interface ConfirmBody {
  paymentKey: string;
  orderId: string;
  amount: number;
}

export interface CancelBody {
  cancelReason: string;
  cancelAmount?: number;
  refundableAmount?: number;
}

export type TossBook = ReturnType<typeof createTossBook>;

/** The payments of a shop at Toss, with the state changes that its documentation describes. */
export function createTossBook(now: () => Date) {
  const payments = new Map<string, TossPayment & { refusal: TossError | null }>();
  const transactions: TossTransaction[] = [];

  return {
    /** Does what the payer's browser does; returns the payment key. */
    prepare(prepared: Prepared): string {
      const paymentKey = `toss_${randomUUID().replaceAll('-', '')}`;
      const { orderId, amount, currency = 'KRW', method = '카드', status = 'IN_PROGRESS' } = prepared;
      payments.set(paymentKey, {
        paymentKey,
        orderId,
        status,
        method,
        currency,
        totalAmount: amount,
        balanceAmount: amount,
        requestedAt: inKorea(now()),
        approvedAt: null,
        cancels: null,
        failure: null,
        refusal: prepared.refusal ?? null,
      });
      return paymentKey;
    },

    /** Ten minutes pass without a confirmation. */
    expire(paymentKey: string): void {
      const payment = find(paymentKey);
      if (payment.status === 'READY' || payment.status === 'IN_PROGRESS') payment.status = 'EXPIRED';
    },

    /** Takes money that it has refused, which no honest gateway does. */
    approveAfterAll(paymentKey: string): void {
      const payment = find(paymentKey);
      Object.assign(payment, { status: 'DONE', failure: null, approvedAt: inKorea(now()) });
      record(payment, payment.totalAmount);
    },

    payment: (paymentKey: string): TossPayment => structuredClone(find(paymentKey)),

    look(paymentKey: string): TossPayment | TossError {
      const payment = payments.get(paymentKey);
      return payment ? shown(payment) : { status: 404, code: 'NOT_FOUND_PAYMENT' };
    },

    confirm({ paymentKey, orderId, amount }: ConfirmBody): TossPayment | TossError {
      const payment = payments.get(paymentKey);
      if (!payment) return { status: 404, code: 'NOT_FOUND_PAYMENT' };
      if (payment.status === 'READY' || payment.status === 'EXPIRED') {
        return { status: 404, code: 'NOT_FOUND_PAYMENT_SESSION' };
      }
      if (payment.status !== 'IN_PROGRESS') return { status: 400, code: 'ALREADY_PROCESSED_PAYMENT' };
      if (payment.orderId !== orderId || payment.totalAmount !== amount) {
        return { status: 400, code: 'INVALID_REQUEST' };
      }
      if (payment.refusal) {
        payment.status = 'ABORTED';
        payment.failure = { code: payment.refusal.code, message: '…' };
        return payment.refusal;
      }
      if (payment.method === '가상계좌') {
        payment.status = 'WAITING_FOR_DEPOSIT';
        return shown(payment);
      }
      payment.status = 'DONE';
      payment.approvedAt = inKorea(now());
      record(payment, payment.totalAmount);
      return shown(payment);
    },

    cancel(paymentKey: string, body: CancelBody): TossPayment | TossError {
      const payment = payments.get(paymentKey);
      if (!payment) return { status: 404, code: 'NOT_FOUND_PAYMENT' };
      const refusal = refundErrorOf(payment, body);
      if (refusal) return refusal;
      const cancelAmount = body.cancelAmount ?? payment.balanceAmount;
      payment.balanceAmount -= cancelAmount;
      // A payment that was cancelled in part keeps that status, also when nothing is left.
      const isWhole = payment.balanceAmount === 0 && payment.status !== 'PARTIAL_CANCELED';
      payment.status = isWhole ? 'CANCELED' : 'PARTIAL_CANCELED';
      const transactionKey = payment.approvedAt ? record(payment, cancelAmount) : randomUUID();
      const cancel = {
        cancelAmount,
        cancelReason: body.cancelReason,
        canceledAt: inKorea(now()),
        transactionKey,
        refundableAmount: payment.balanceAmount,
        cancelStatus: 'DONE',
      };
      payment.cancels = [...(payment.cancels ?? []), cancel];
      return shown(payment);
    },

    /** The oldest first. Both ends are included, in Korean time without an offset. */
    list(query: { startDate: string; endDate: string; limit: number; startingAfter?: string }) {
      const after = transactions.findIndex(({ transactionKey }) => transactionKey === query.startingAfter);
      return transactions
        .slice(after + 1)
        .filter(({ transactionAt }) => {
          const at = transactionAt.slice(0, 19);
          return query.startDate <= at && at <= query.endDate;
        })
        .slice(0, query.limit);
    },

    /** The money taken from all payments minus the refunds. */
    kept(): number {
      return [...payments.values()].reduce((sum, payment) => sum + keptOf(payment), 0);
    },

    /** The payments in which money has moved. */
    taken: (): TossPayment[] => [...payments.values()].filter(({ approvedAt }) => approvedAt).map(shown),
  };

  function find(paymentKey: string) {
    const payment = payments.get(paymentKey);
    if (!payment) throw new Error(`no payment ${paymentKey}`);
    return payment;
  }

  function record({ paymentKey, orderId, status, currency }: TossPayment, amount: number): string {
    const transactionKey = randomUUID().replaceAll('-', '').toUpperCase();
    const transactionAt = inKorea(now());
    transactions.push({ transactionKey, paymentKey, orderId, status, currency, amount, transactionAt });
    return transactionKey;
  }
}

export const keptOf = ({ approvedAt, balanceAmount }: TossPayment): number =>
  approvedAt ? balanceAmount : 0;

function refundErrorOf(
  payment: TossPayment,
  { cancelAmount, refundableAmount }: CancelBody,
): TossError | null {
  const { status, approvedAt, balanceAmount } = payment;
  if (status === 'WAITING_FOR_DEPOSIT') {
    if (cancelAmount === undefined) return null;
    return { status: 403, code: 'NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT' };
  }
  if (status === 'CANCELED') return { status: 400, code: 'ALREADY_CANCELED_PAYMENT' };
  if (!approvedAt) return { status: 403, code: 'NOT_CANCELABLE_PAYMENT' };
  if (refundableAmount !== undefined && refundableAmount !== balanceAmount) {
    return { status: 400, code: 'NOT_MATCHES_REFUNDABLE_AMOUNT' };
  }
  if (balanceAmount === 0 || (cancelAmount ?? 0) > balanceAmount) {
    return { status: 403, code: 'NOT_CANCELABLE_AMOUNT' };
  }
  return null;
}

function shown({ ...payment }: TossPayment & { refusal?: TossError | null }): TossPayment {
  delete payment.refusal;
  return structuredClone(payment);
}

/** In whole seconds, such as `2026-01-01T09:00:00+09:00`. */
function inKorea(date: Date): string {
  return `${new Date(date.getTime() + 9 * 3_600_000).toISOString().slice(0, 19)}+09:00`;
}
