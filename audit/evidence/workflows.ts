import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';

export interface TemporalTarget {
  address: string;
  namespace: string;
  taskQueue: string;
}

/** A workflow of the service, as Temporal lists it. */
export interface ListedWorkflow {
  workflowId: string;
  runId: string;
  type: string;
  /** RUNNING, COMPLETED, FAILED, TERMINATED, ... */
  status: string;
  /** The search attribute `ReservationStatus`; null where the workflow has none. */
  shown: string | null;
}

export interface Workflows {
  list(): Promise<ListedWorkflow[]>;
  /** The history of a run as JSON, with its payloads decoded to text. */
  history(workflow: ListedWorkflow): Promise<string>;
  close(): Promise<void>;
}

const RESERVATION_STATUS = defineSearchAttributeKey('ReservationStatus', 'KEYWORD');

export async function connectWorkflows({
  address,
  namespace,
  taskQueue,
}: TemporalTarget): Promise<Workflows> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  return {
    async list() {
      const listed: ListedWorkflow[] = [];
      for await (const workflow of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) {
        const { workflowId, runId, type, status, typedSearchAttributes } = workflow;
        const shown = typedSearchAttributes.get(RESERVATION_STATUS) ?? null;
        listed.push({ workflowId, runId, type, status: status.name, shown });
      }
      return listed;
    },
    async history({ workflowId, runId }) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      return JSON.stringify(history, (_key, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
      );
    },
    close: async () => connection.close(),
  };
}
