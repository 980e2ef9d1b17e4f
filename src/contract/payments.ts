export const CHARGE_SETTLEMENT_WORKFLOW = 'chargeSettlement';
/** To a reservation or a top-up: the gateway has told something about its charge. */
export const GATEWAY_HINT_SIGNAL = 'gatewayHint';

export const chargeSettlementWorkflowId = (attemptId: string): string => `charge-settlement-${attemptId}`;

/** Names the payment or top-up whose charge is to be brought to where it belongs. */
export interface ChargeSettlementInput {
  kind: 'PAYMENT' | 'TOP_UP';
  attemptId: string;
}

/**
 * What became of the charge. SOLD: it bought something. LEFT: the workflow of its payment or top-up still runs.
 * GIVEN_BACK: nothing of it is taken any more. UNKNOWN: no payment or top-up has it.
 */
export interface ChargeSettlementResult {
  status: 'SOLD' | 'LEFT' | 'GIVEN_BACK' | 'UNKNOWN';
}

export type ChargeSettlementWorkflow = (input: ChargeSettlementInput) => Promise<ChargeSettlementResult>;
