export const SALE_OPENING_WORKFLOW = 'saleOpening';

/** Names the Temporal Schedule of an opening, and begins the id of the workflow that it starts. */
export const saleOpeningWorkflowId = (scheduleId: string): string => `sale-opening-${scheduleId}`;

/** Opens a sale that has a waiting room of its own, at the time that its row says. */
export interface SaleOpeningInput {
  scheduleId: string;
}

/** NOTHING_TO_DRAW: the schedule has no draw, because announcing it has failed. */
export interface SaleOpeningResult {
  scheduleId: string;
  status: 'OPENED' | 'NOTHING_TO_DRAW';
  entries: number;
}

export type SaleOpeningWorkflow = (input: SaleOpeningInput) => Promise<SaleOpeningResult>;
