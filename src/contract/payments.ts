export const CHARGE_SETTLEMENT_WORKFLOW = 'chargeSettlement';
/** A signal to a reservation or a top-up: the gateway has sent a message about its charge. */
export const GATEWAY_HINT_SIGNAL = 'gatewayHint';

export const chargeSettlementWorkflowId = (attemptId: string): string => `charge-settlement-${attemptId}`;

/** Names the payment or top-up whose charge the workflow settles. */
export interface ChargeSettlementInput {
  kind: 'PAYMENT' | 'TOP_UP';
  attemptId: string;
}

/**
 * The outcome of the charge. SOLD: it bought something. LEFT: the workflow of its payment or top-up still runs.
 * GIVEN_BACK: no money of it is taken any more. UNKNOWN: no payment or top-up has this charge.
 */
export interface ChargeSettlementResult {
  status: 'SOLD' | 'LEFT' | 'GIVEN_BACK' | 'UNKNOWN';
}

export type ChargeSettlementWorkflow = (input: ChargeSettlementInput) => Promise<ChargeSettlementResult>;
