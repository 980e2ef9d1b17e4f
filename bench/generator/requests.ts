import { Pool } from 'undici';
import { startMeter, type Measured } from '../processes/meter';
import { poissonArrivals, runArrivals } from './arrivals';
import { runClosedLoop } from './closedLoop';
import type { ArriveCommand, PlainRequest, SaturateCommand } from './protocol';

/**
 * As many answers as there can be: each connection sends the next request when its last one is answered.
 *
 * @throws where anything but the expected status is answered
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
 * @throws where anything but the expected status is answered
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

/** Sends one of the requests in turn, and throws away what comes but for the status. */
function expecting(
  pool: Pool,
  { url, requests, expectedStatus }: SaturateCommand | ArriveCommand,
): (index: number) => Promise<void> {
  return async (index) => {
    const request = requests[index % requests.length];
    if (!request) throw new Error('there is nothing to send');
    const status = await discard(pool, request);
    if (status !== expectedStatus) {
      throw new Error(`${request.method} ${url}${request.path} answers ${status}, not ${expectedStatus}`);
    }
  };
}

/** `dispatch` rather than `request`: a body that nobody reads needs no stream, which costs more than the rest. */
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
