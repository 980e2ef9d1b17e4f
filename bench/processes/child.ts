import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

/** A process of the benchmark that does one thing after the other, as it is told. */
export interface Child<Command> {
  pid: number;
  /** @throws with what the process says where it could not */
  ask<Schema extends z.ZodType>(command: Command, answer: Schema): Promise<z.infer<Schema>>;
  stop(): Promise<void>;
}

/** What a child says: that it is ready, and then one message for each command. */
export type ChildMessage = { answer: unknown } | { failure: string };

const messageSchema = z.union([z.object({ failure: z.string() }), z.object({ answer: z.unknown() })]);

/**
 * Starts a module that calls `serve`. Resolves once it is ready.
 *
 * @param args what it needs to become ready, as JSON
 */
export async function startChild<Command extends object>(
  module: string,
  args: object,
): Promise<Child<Command>> {
  const child = fork(module, [JSON.stringify(args)]);
  const exited = once(child, 'exit');
  // Whoever waits for a message hears of it; whoever waits for nothing has stopped the process.
  const died = exited.then(([code]) => {
    throw new Error(`${module} has ended with code ${String(code)}`);
  });
  died.catch(() => undefined);
  const answer = async (): Promise<unknown> => {
    // Node types what an event carries as any.
    const [message] = (await Promise.race([once(child, 'message'), died])) as unknown[];
    const parsed = messageSchema.parse(message);
    if ('failure' in parsed) throw new Error(parsed.failure);
    return parsed.answer;
  };
  await answer();
  return {
    pid: child.pid ?? -1,
    async ask(command, schema) {
      child.send(command);
      return schema.parse(await answer());
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
