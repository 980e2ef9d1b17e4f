import { Pool } from 'undici';
import { startMeter, type Measured } from '../processes/meter';
import { poissonArrivals, runArrivals } from './arrivals';
import { runClosedLoop } from './closedLoop';
import type { ArriveCommand, PlainRequest, SaturateCommand } from './protocol';

/**
 * The maximum number of responses: each connection sends its next request when it gets the response to the last one.
 *
 * @throws if a response has another status than the expected one
 */
export async function saturate(command: SaturateCommand): Promise<Measured> {
  const pool = new Pool(command.url, { connections: command.window.users });
  const send = expecting(pool, command);
  let next = 0;
  try {
    return await runClosedLoop(command.window, () => send(next++), command.pids);
  } finally {
    await pool.close();
  }
}

/**
 * The requests in turn, at instants that were fixed in advance.
 *
 * @throws if a response has another status than the expected one
 */
export async function arrive(command: ArriveCommand): Promise<Measured> {
  const pool = new Pool(command.url, { connections: 128 });
  const send = expecting(pool, command);
  const latencies: number[] = [];
  const readMeter = startMeter(command.pids);
  const began = performance.now();
  try {
    await runArrivals(poissonArrivals(command.perSecond, command.seconds), async (plannedAt, index) => {
      await send(index);
      latencies.push(performance.now() - plannedAt);
    });
    return {
      operations: latencies.length,
      seconds: (performance.now() - began) / 1_000,
      cpuMs: readMeter(),
      latencies: { answer: latencies },
    };
  } finally {
    await pool.close();
  }
}

/** Sends one of the requests in turn, and discards everything in the response except the status. */
function expecting(
  pool: Pool,
  { url, requests, expectedStatus }: SaturateCommand | ArriveCommand,
): (index: number) => Promise<void> {
  return async (index) => {
    const request = requests[index % requests.length];
    if (!request) throw new Error('there is nothing to send');
    const status = await discard(pool, request);
    if (status !== expectedStatus) {
      throw new Error(`${request.method} ${url}${request.path} returned ${status}, not ${expectedStatus}`);
    }
  };
}

/**
 * Uses `dispatch` instead of `request`: an unread body needs no stream, and the stream would cost more than the rest.
 */
function discard(pool: Pool, { method, path, headers, body }: PlainRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0;
    pool.dispatch(
      { method, path, headers, body: body ?? null },
      {
        onRequestStart: () => undefined,
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData: () => undefined,
        onResponseEnd: () => resolve(status),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}
