import { inTransaction } from '../../../db/stores';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { ChargeOwner, WebhookEffect } from '../../../db/payments/webhookStore';
import type { WebhookReading } from '../../../domain/payments/gateway';
import { topUpWorkflowId } from '../../../contract/ledger';
import {
  CHARGE_SETTLEMENT_WORKFLOW,
  chargeSettlementWorkflowId,
  GATEWAY_HINT_SIGNAL,
  type ChargeSettlementInput,
  type ChargeSettlementWorkflow,
} from '../../../contract/payments';
import { reservationWorkflowId } from '../../../contract/reservations';

export type GatewayEvent = Extract<WebhookReading, { kind: 'event' }>;

export interface ReceiveEventDependencies {
  db: Knex;
  temporal: Client;
  taskQueue: string;
}

/**
 * Takes a message of a gateway, once. The mark and the decision are one transaction. The API signals the workflow that
 * acts on the message before the commit, so that a message is marked only if a workflow handles it. If the commit fails
 * and the gateway sends the message again, the workflow gets a second signal. Then it only looks again: it asks the
 * gateway before money moves.
 */
export function createReceiveEvent({ db, temporal, taskQueue }: ReceiveEventDependencies) {
  /** @throws if Postgres or Temporal cannot be reached: the gateway sends the message again */
  return async function receiveEvent(gateway: string, event: GatewayEvent): Promise<WebhookEffect | 'SEEN'> {
    return inTransaction(db, async (stores) => {
      const { webhooks } = stores;
      const owner = await webhooks.ownerOf({ gateway, ...event });
      const effect = effectOn(owner);
      const attemptId = owner?.attemptId ?? null;
      const { eventId, type } = event;
      if (!(await webhooks.mark({ gateway, eventId, type, attemptId, effect }))) return 'SEEN';
      if (owner && effect === 'HINT') await hint(owner);
      if (owner && effect === 'SETTLEMENT') await settle(owner);
      return effect;
    });
  };

  async function hint(owner: ChargeOwner): Promise<void> {
    const { kind, attemptId, reservationId } = owner;
    const workflowId =
      kind === 'PAYMENT' && reservationId !== null
        ? reservationWorkflowId(reservationId)
        : topUpWorkflowId(attemptId);
    try {
      await temporal.workflow.getHandle(workflowId).signal(GATEWAY_HINT_SIGNAL);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      await settle(owner);
    }
  }

  async function settle({ kind, attemptId }: ChargeOwner): Promise<void> {
    const input: ChargeSettlementInput = { kind, attemptId };
    await temporal.workflow.signalWithStart<ChargeSettlementWorkflow>(CHARGE_SETTLEMENT_WORKFLOW, {
      workflowId: chargeSettlementWorkflowId(attemptId),
      taskQueue,
      args: [input],
      signal: GATEWAY_HINT_SIGNAL,
      staticSummary: 'The gateway reports a charge whose payment has failed',
    });
  }
}

/**
 * A payment that is just being made gets its result from the gateway itself. Only a payment that waits needs the hint.
 */
function effectOn(owner: ChargeOwner | null): WebhookEffect {
  switch (owner?.state) {
    case undefined:
      return 'UNKNOWN_CHARGE';
    case 'SETTLING':
      return 'HINT';
    case 'FAILED':
      return 'SETTLEMENT';
    case 'OPEN':
    case 'SOLD':
      return 'NONE';
  }
}
