export const TOP_UP_WORKFLOW = 'topUp';

export const topUpWorkflowId = (topUpId: string): string => `top-up-${topUpId}`;

/** The workflow makes the top-up that the API has written under this id. */
export interface TopUpInput {
  topUpId: string;
}

export type TopUpResult =
  | { topUpId: string; status: 'SUCCEEDED'; balance: number }
  | { topUpId: string; status: 'FAILED'; reason: string };

export type TopUpWorkflow = (input: TopUpInput) => Promise<TopUpResult>;
