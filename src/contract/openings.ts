export const SALE_OPENING_WORKFLOW = 'saleOpening';

/** The id of the Temporal Schedule of an opening. The id of the workflow that it starts begins with the same text. */
export const saleOpeningWorkflowId = (scheduleId: string): string => `sale-opening-${scheduleId}`;

/** The workflow opens a sale that has its own waiting room, at the time in its row. */
export interface SaleOpeningInput {
  scheduleId: string;
}

/** NOTHING_TO_DRAW: the schedule has no draw, because its announcement has failed. */
export interface SaleOpeningResult {
  scheduleId: string;
  status: 'OPENED' | 'NOTHING_TO_DRAW';
  entries: number;
}

export type SaleOpeningWorkflow = (input: SaleOpeningInput) => Promise<SaleOpeningResult>;
