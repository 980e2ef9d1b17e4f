import { randomUUID } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { reservationWorkflowId } from '../../src/contract/reservations';
import { audit } from '../../audit/audit';
import { inWords } from '../../audit/fault';
import { testEnvironment } from '../support/environment';
import { eventually } from '../support/eventually';
import { readGatewayBook, type Charge } from '../support/gatewayBook';
import { startPrivateStack, type PrivateStack } from '../support/privateStack';
import { startStack, type Stack } from '../support/stack';
import type { StackProcess } from '../support/stackProcess';
import { connectClient, expectStatus, type Client, type User } from './client';
import { openSale, type Sale, type SaleOptions } from './sale';

/** Time for the start of three processes on a busy machine. */
export const START_MS = 90_000;

/** The whole running service and a client for it. */
export interface Service<Kind extends Stack = Stack> {
  stack: Kind;
  client: Client;
  temporal: TemporalClient;
  operator: User;
  openSale(options?: SaleOptions): Promise<Sale>;
  /** A new user with this number of points. */
  buyer(points?: number): Promise<User>;
  buyers(count: number): Promise<User[]>;
  /** The lines in the book of the gateway for an order: a reservation, or a top-up by its id. */
  charges(orderId: string): Promise<Charge[]>;
  /** Waits until Temporal lists the workflow of a reservation. */
  listed(reservationId: string): Promise<void>;
  /** The number of workflows that were ever started for a schedule, as far as Temporal lists them. */
  workflowsOf(scheduleId: string): Promise<number>;
  /**
   * Audits the data that the clients leave, for when they are done, and reads the logs.
   *
   * @param others processes beside those of the stack, such as a second worker
   * @returns every fault and every warning of Node, in words
   */
  faults(others?: readonly StackProcess[]): Promise<string[]>;
  stop(): Promise<void>;
  /**
   * Stops everything.
   *
   * @throws with every fault, if there are any
   */
  end(): Promise<void>;
}

const OPERATOR_PASSWORD = 'a-password-of-the-operator';

/** @param env settings that differ from the defaults */
export async function startService(env: NodeJS.ProcessEnv = {}): Promise<Service> {
  return serve(await startStack({ env: { OPERATOR_PASSWORD, ...env } }));
}

/** Has its own Postgres, Redis and Temporal, which tests may kill. */
export async function startPrivateService(env: NodeJS.ProcessEnv = {}): Promise<Service<PrivateStack>> {
  return serve(await startPrivateStack({ env: { OPERATOR_PASSWORD, ...env } }));
}

async function serve<Kind extends Stack>(stack: Kind): Promise<Service<Kind>> {
  const client = await connectClient(stack.apiUrl);
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new TemporalClient({ connection, namespace: stack.temporal.namespace });
  const operator = await client.logIn('operator', OPERATOR_PASSWORD);
  const buyer = async (points = 0): Promise<User> => {
    const user = await client.join();
    if (points > 0) expectStatus(await user.topUp(points), 201);
    return user;
  };
  const service: Service<Kind> = {
    stack,
    client,
    temporal,
    operator,
    openSale: async (options) => openSale(operator, options),
    buyer,
    buyers: async (count) => Promise.all(Array.from({ length: count }, async () => buyer())),
    async charges(orderId) {
      const book = await readGatewayBook(stack);
      return book.filter((line) => 'orderId' in line && line.orderId === orderId);
    },
    async listed(reservationId) {
      await eventually(async () => {
        const query = `WorkflowId = '${reservationWorkflowId(reservationId)}'`;
        const { count } = await temporal.workflow.count(query);
        if (count === 0) throw new Error(`the workflow of ${reservationId} is not listed`);
      });
    },
    async workflowsOf(scheduleId) {
      const { count } = await temporal.workflow.count(`ScheduleId = '${scheduleId}'`);
      return count;
    },
    async faults(others = []) {
      const logs = [stack.api, stack.worker, stack.gateway, ...others].map(({ logFile }) => logFile);
      return [...(await auditFaults(stack, client, logs)), ...(await warningsIn(logs))];
    },
    async stop() {
      await connection.close();
      await stack.stop();
    },
    async end() {
      try {
        const faults = await service.faults();
        if (faults.length > 0) throw new Error(`The audit and the logs show:\n${faults.join('\n')}`);
      } finally {
        await service.stop();
      }
    },
  };
  return service;
}

/** What Node itself warned of, such as too many listeners. A warning for each request would fill a log. */
async function warningsIn(logs: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(logs.map(async (file) => readFile(file, 'utf8')));
  return texts.flatMap((text) => text.match(/^.*\(node:\d+\).*Warning:.*$/gm) ?? []);
}

/** The default of QUEUE_TOKEN_TTL_SECONDS. */
const ACTIVE_SECONDS = 900;

/** The broken ones of all invariants (docs/benchmark.md#the-audit), in words. */
async function auditFaults(
  stack: Stack,
  { lines, secrets }: Client,
  serviceLogs: readonly string[],
): Promise<string[]> {
  const log = path.join(testEnvironment('TEST_FOLDER'), `clients-${randomUUID()}.ndjson`);
  await appendFile(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const faults = await audit({
    databaseUrl: stack.databaseUrl,
    redisUrl: stack.redisUrl,
    gateway: { url: stack.gatewayUrl, secret: stack.gatewaySecret },
    logs: [log],
    activeSeconds: Number(stack.env['QUEUE_TOKEN_TTL_SECONDS'] ?? ACTIVE_SECONDS),
    temporal: stack.temporal,
    serviceLogs,
    secrets: [...secrets],
  });
  return faults.map(inWords);
}
