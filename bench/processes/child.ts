import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

/** A process of the benchmark that runs one command after the other. */
export interface Child<Command> {
  pid: number;
  /** @throws the failure that the process reports */
  ask<Schema extends z.ZodType>(command: Command, answer: Schema): Promise<z.infer<Schema>>;
  stop(): Promise<void>;
}

/** The messages of a child: first that it is ready, and then one message for each command. */
export type ChildMessage = { answer: unknown } | { failure: string };

const messageSchema = z.union([z.object({ failure: z.string() }), z.object({ answer: z.unknown() })]);

/**
 * Starts a module that calls `serve`. Resolves once the child is ready.
 *
 * @param args what the child needs to become ready, as JSON
 */
export async function startChild<Command extends object>(
  module: string,
  args: object,
): Promise<Child<Command>> {
  const child = fork(module, [JSON.stringify(args)]);
  const exited = once(child, 'exit');
  // A caller that waits for a message gets this error. If no caller waits, the process was stopped on purpose.
  const died = exited.then(([code]) => {
    throw new Error(`${module} ended with code ${String(code)}`);
  });
  died.catch(() => undefined);
  const answer = async (): Promise<unknown> => {
    // Node types the data of an event as any.
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
