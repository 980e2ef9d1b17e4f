/** Accounts of the house beside the clearing accounts of its gateways (docs/architecture.md, the ledger). */
export const HOUSE_ACCOUNTS = [
  'house:revenue',
  'house:booking-fees',
  'house:cancellation-fees',
  'house:pending',
  'house:refunds-due',
] as const;

const GATEWAYS = ['sandbox', 'stripe', 'toss'] as const;

export const clearingOf = (gateway: string): string => `gateway:clearing:${gateway}`;

export const CLEARING_ACCOUNTS = GATEWAYS.map(clearingOf);

export const JOURNAL_KINDS = [
  'TOP_UP',
  'POINTS_TAKEN',
  'POINTS_RETURNED',
  'SALE',
  'CHARGE_VOIDED',
  'CANCELLATION',
  'CARD_REFUNDED',
] as const;
export type JournalKind = (typeof JOURNAL_KINDS)[number];
