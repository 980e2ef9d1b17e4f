import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createReservationWorkflows } from '../../src/api/reservations/reservationWorkflows';
import type { Rollout } from '../../src/config/settings';
import { createPaymentStore } from '../../src/db/payments/paymentStore';
import { deploymentNameOf } from '../../src/temporal/workerVersions';
import { workflowBundle } from '../../src/worker/bundle';
import { workerOptions } from '../../src/worker/options';
import { takeOver } from '../../src/worker/takeOver';
import type { PayResult } from '../../src/contract/reservations';
import { testEnvironment } from '../support/environment';
import { anAttempt } from '../support/factories';
import { anAttemptToHold, createHolding } from '../support/holding';
import { installQuietTemporal } from '../support/quietTemporal';
import type { Fixture } from '../support/fixture';

/** Workers of several versions on one task queue of the real Temporal, and holds and payments as the API makes them. */
export interface VersionedWorkers {
  client: Client;
  taskQueue: string;
  version(buildId: string): { deploymentName: string; buildId: string };
  /** Starts a worker as its process does, but without `takeOver`. */
  start(buildId: string, rollout: Rollout, workflows?: 'today' | 'next'): Promise<void>;
  /** Takes over as a worker does beside its work, until it is done or the signal is aborted. */
  takeOver(buildId: string, rollout: Rollout, signal?: AbortSignal): Promise<boolean>;
  /** @returns true if a worker of this version has ever reported that new workflows have a worker */
  wasReady(buildId: string): boolean;
  stop(buildId: string): Promise<void>;
  hold(sale: { scheduleId: string }, userId: string, seatId: string): Promise<string>;
  /** Pays a seat with points and its fee by card. */
  pay(reservationId: string, userId: string): Promise<PayResult | null>;
  /** The builds that completed the tasks of a workflow, in order and each once. */
  buildsOf(workflowId: string): Promise<string[]>;
  end(): Promise<void>;
}

const NEXT = path.join(__dirname, 'nextWorkflows.ts');
const HOLD_SECONDS = 300;

export async function createVersionedWorkers(fixture: Fixture): Promise<VersionedWorkers> {
  installQuietTemporal();
  const namespace = 'default';
  const { dependencies } = fixture;
  const env = await TestWorkflowEnvironment.createFromExistingServer({
    address: testEnvironment('TEST_TEMPORAL_ADDRESS'),
    namespace,
  });
  const { client } = env;
  const taskQueue = `test-${randomUUID()}`;
  const bundles = {
    today: await readFile(testEnvironment('TEST_WORKFLOW_BUNDLE'), 'utf8'),
    next: await workflowBundle(NEXT),
  };
  const running = new Map<string, { worker: Worker; done: Promise<void> }>();
  const saidReady = new Set<string>();
  const version = (buildId: string) => ({ deploymentName: deploymentNameOf(taskQueue), buildId });
  const reservations = createReservationWorkflows(client, {
    taskQueue,
    settleSeconds: dependencies.settleSeconds,
    logger: dependencies.logger,
  });
  const holdClaimedSeats = createHolding(fixture, reservations, HOLD_SECONDS);
  const payments = createPaymentStore(dependencies.db);

  async function stop(buildId: string): Promise<void> {
    const stopping = running.get(buildId);
    running.delete(buildId);
    stopping?.worker.shutdown();
    await stopping?.done;
  }

  return {
    client,
    taskQueue,
    version,
    async start(buildId, rollout, workflows = 'today') {
      const target = {
        connection: env.nativeConnection,
        namespace,
        taskQueue,
        workflowBundle: { code: bundles[workflows] },
        version: version(buildId),
      };
      const worker = await Worker.create({
        ...workerOptions(target, { ...dependencies, rollout }),
        shutdownGraceTime: 0,
      });
      running.set(buildId, { worker, done: worker.run() });
    },
    async takeOver(buildId, rollout, signal = new AbortController().signal) {
      const { logger } = dependencies;
      const ready = () => void saidReady.add(buildId);
      return takeOver(client, { taskQueue, version: version(buildId), rollout, logger, ready, signal });
    },
    wasReady: (buildId) => saidReady.has(buildId),
    stop,
    async hold({ scheduleId }, userId, seatId) {
      const { reservationId } = await holdClaimedSeats(anAttemptToHold(fixture, userId), scheduleId, [
        seatId,
      ]);
      return reservationId;
    },
    async pay(reservationId, userId) {
      const { paymentId, amount, paymentKey = null } = anAttempt(1);
      const gateway = dependencies.gateways.current.name;
      const attempt = { paymentId, reservationId, userId, amount, paymentKey, gateway };
      return reservations.pay(await payments.request(attempt));
    },
    async buildsOf(workflowId) {
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      const builds = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: completed }) =>
        completed ? [completed.deploymentVersion?.buildId ?? 'none'] : [],
      );
      return [...new Set(builds)];
    },
    async end() {
      await Promise.all([...running.keys()].map(stop));
      await env.teardown();
    },
  };
}
