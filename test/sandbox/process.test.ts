import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import getPort from 'get-port';
import type { ChargeRequest, PaymentGateway } from '../../src/domain/payments/gateway';
import { startReceiver } from './receiver';
import { SECRET, WEBHOOK_SECRET, aCharge, connectGateway, readBook } from './server';

/** The compiled gateway; `npm test` builds it first. */
const MAIN = path.resolve(__dirname, '../../dist/sandbox/main.js');

let directory: string;
let port: number;
let url: string;
let gateway: PaymentGateway;
let child: ChildProcess;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'holdfast-sandbox-'));
  port = await getPort();
  url = `http://127.0.0.1:${port}`;
  gateway = connectGateway(url);
  await start();
});

afterEach(async () => {
  await stop('SIGKILL');
  await gateway.close();
  await rm(directory, { recursive: true });
});

describe('the gateway process', () => {
  it('killed between a charge and its response, has the charge in its book after the restart', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:timeout-after-charge' });
    const unanswered = gateway.charge(charge);
    await untilBooked(charge);

    await stop('SIGKILL');
    expect(await unanswered).toMatchObject({ outcome: 'unknown' });
    await start();

    expect(await gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
    expect(await gateway.charge(charge)).toMatchObject({ outcome: 'approved' });
    expect(await readBook(url)).toHaveLength(1);
  });

  it('killed under load, loses no acknowledged charge and charges nothing twice', async () => {
    const charges = Array.from({ length: 300 }, () => aCharge());
    const first = charges.map((charge) => gateway.charge(charge));
    await Promise.race(first);
    await stop('SIGKILL');
    const before = await Promise.all(first);
    await start();

    const booked = new Set((await readBook(url)).map(({ idempotencyKey }) => idempotencyKey));
    const answered = charges.filter((_, index) => before[index]?.outcome === 'approved');
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter(({ idempotencyKey }) => !booked.has(idempotencyKey))).toEqual([]);

    const again = await Promise.all(charges.map((charge) => gateway.charge(charge)));
    expect(again.map(({ outcome }) => outcome)).toEqual(charges.map(() => 'approved'));
    expect(again.filter((_, index) => before[index]?.outcome === 'approved')).toEqual(
      before.filter(({ outcome }) => outcome === 'approved'),
    );
    expect(await readBook(url)).toHaveLength(charges.length);
  });

  it('keeps the failure count of an order across a kill', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:flaky:2' });
    expect(await gateway.charge(charge)).toMatchObject({ outcome: 'unknown' });
    await stop('SIGKILL');
    await start();

    expect(await gateway.charge(charge)).toMatchObject({ outcome: 'unknown' });
    expect(await gateway.charge(charge)).toMatchObject({ outcome: 'approved' });
  });

  it('killed before its messages arrived, sends each after the restart', async () => {
    const receiver = await startReceiver();
    await stop('SIGTERM');
    await start({ SANDBOX_WEBHOOK_URL: receiver.url });
    receiver.answers.push(503, 503, 503, 503);
    const charges = Array.from({ length: 10 }, () => aCharge({ paymentKey: 'sandbox:webhook' }));
    await Promise.all(charges.map((charge) => gateway.charge(charge)));
    await stop('SIGKILL');
    const heardBefore = receiver.received.length;
    await start({ SANDBOX_WEBHOOK_URL: receiver.url });

    const heard = await Promise.all(
      charges.map(({ idempotencyKey }) => receiver.untilHeard(idempotencyKey, 1)),
    );
    expect(new Set(heard.flat())).toEqual(new Set(['charge.captured']));
    expect(receiver.received.length).toBeGreaterThan(heardBefore);
    await receiver.stop();
  });

  it('killed between a charge and its response, sends a message about the charge', async () => {
    const receiver = await startReceiver();
    await stop('SIGTERM');
    await start({ SANDBOX_WEBHOOK_URL: receiver.url });
    const charges = Array.from({ length: 50 }, () => aCharge());
    const first = charges.map((charge) => gateway.charge(charge));
    await Promise.race(first);
    await stop('SIGKILL');
    const unanswered = new Set(
      (await Promise.all(first)).flatMap(({ outcome }, index) =>
        outcome === 'unknown' ? [charges[index]?.idempotencyKey] : [],
      ),
    );
    await start({ SANDBOX_WEBHOOK_URL: receiver.url });

    const booked = (await readBook(url)).filter(({ idempotencyKey }) => unanswered.has(idempotencyKey));
    const heard = await Promise.all(
      booked.map(({ idempotencyKey }) => receiver.untilHeard(idempotencyKey, 1)),
    );
    expect(heard).toEqual(booked.map(() => ['charge.captured']));
    await receiver.stop();
  });

  it('stops at SIGTERM with code 0, even while a request hangs', async () => {
    const hanging = gateway.charge(aCharge({ paymentKey: 'sandbox:timeout-after-charge' }));

    expect(await stop('SIGTERM')).toBe(0);
    expect(await hanging).toMatchObject({ outcome: 'unknown' });
  });

  it.each([
    [{ SANDBOX_SECRET: '' }, 'SANDBOX_SECRET is not set'],
    [{ SANDBOX_SECRET: 'short' }, 'SANDBOX_SECRET is set to a bad value; allowed: a text of at least 32'],
    [{ SANDBOX_PORT: '99999' }, 'SANDBOX_PORT is "99999"'],
  ])('rejects %j with one line', async (change, line) => {
    await stop('SIGTERM');
    child = launch(change);
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'exit');

    expect(child.exitCode).toBe(1);
    expect(text).toContain(line);
    expect(text.trim().split('\n')).toHaveLength(1);
  });
});

function launch(change: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      SANDBOX_PORT: String(port),
      SANDBOX_DATA_DIR: directory,
      SANDBOX_SECRET: SECRET,
      SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
      ...change,
    },
  });
}

async function start(change: Record<string, string> = {}): Promise<void> {
  child = launch(change);
  await poll(async () => (await fetch(`${url}/healthz`)).ok);
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}

const untilBooked = (charge: ChargeRequest) =>
  poll(async () => (await gateway.lookUp(charge)).outcome === 'approved');

/** Repeats the check until it is true. A refused connection counts as not yet true. */
async function poll(isSo: () => Promise<boolean>): Promise<void> {
  for (;;) {
    // Each check waits for the response to the previous one.
    if (await isSo().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
