import { Writable } from 'node:stream';
import { pino } from 'pino';
import { z } from 'zod';
import { temporalLogger } from '../../src/worker/temporalLogger';

const lineSchema = z.object({
  level: z.number(),
  msg: z.string(),
  err: z.object({ message: z.string() }).optional(),
});

/** A Temporal logger, the lines that it writes to the log of the process, and a clock. */
function aLogger() {
  const lines: z.infer<typeof lineSchema>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(lineSchema.parse(JSON.parse(chunk.toString())));
      done();
    },
  });
  const clock = { now: 0 };
  const logger = temporalLogger(pino({ level: 'info' }, destination), () => clock.now);
  return { logger, lines, clock };
}

describe("Temporal's lines in the worker's log", () => {
  it('carry the reason of a failure', () => {
    const { logger, lines } = aLogger();

    logger.warn('Activity failed', { error: new Error('connection refused') });

    expect(lines).toMatchObject([{ msg: 'Activity failed', err: { message: 'connection refused' } }]);
  });

  it('say once a minute that Temporal does not answer, however many polls are retried', () => {
    const { logger, lines, clock } = aLogger();
    for (clock.now = 0; clock.now <= 60_000; clock.now += 500) {
      logger.error(`gRPC call poll_workflow_task_queue retried ${clock.now / 500 + 6} times`);
      logger.error(`gRPC call poll_activity_task_queue retried ${clock.now / 500 + 6} times`);
    }

    expect(lines).toHaveLength(2);
    expect(lines).toMatchObject([
      { msg: 'Temporal does not answer; the worker keeps asking' },
      { level: 40 },
    ]);
  });
});
