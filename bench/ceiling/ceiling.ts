import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';
import type { Window } from '../closedLoop';
import type { CeilingMessage, CeilingTarget } from './protocol';

export interface Ceiling {
  pid: number;
  run(window: Window): Promise<Extract<CeilingMessage, { kind: 'result' }>>;
  stop(): Promise<void>;
}

const messageSchema: z.ZodType<CeilingMessage> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({
    kind: z.literal('result'),
    perSecond: z.number(),
    reservations: z.int(),
    cpuMs: z.number(),
    temporalCpuMs: z.number(),
  }),
]);

/** Starts the process that measures what Temporal alone can do. Resolves once its worker polls. */
export async function startCeiling(target: CeilingTarget): Promise<Ceiling> {
  const child = fork(path.join(__dirname, 'process.js'), [
    target.temporalAddress,
    target.taskQueue,
    String(target.temporalPid),
  ]);
  await answer(child);
  return {
    pid: child.pid ?? -1,
    async run(window) {
      child.send(window);
      const message = await answer(child);
      if (message.kind !== 'result') throw new Error('the ceiling has started twice');
      return message;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

async function answer(child: ChildProcess): Promise<CeilingMessage> {
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the ceiling's process has ended with code ${String(code)}`);
  });
  // Node types what an event carries as any.
  const [message] = (await Promise.race([once(child, 'message'), died])) as unknown[];
  return messageSchema.parse(message);
}
