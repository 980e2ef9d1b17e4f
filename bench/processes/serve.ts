import type { ChildMessage } from './child';

/** What a child does once it is ready. */
export interface Service<Command> {
  handle(command: Command): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * The child's side of `startChild`: reports that it is ready, runs each command and sends its result, and ends with
 * its parent.
 *
 * @param prepare gets the arguments of the parent
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- both ends of a pipe name the same types
export function serve<Arguments, Command>(prepare: (args: Arguments) => Promise<Service<Command>>): void {
  const main = async (): Promise<void> => {
    // oxlint-disable-next-line typescript/no-unsafe-argument -- what the parent's `startChild` was given
    const service = await prepare(JSON.parse(process.argv[2] ?? '{}'));
    process.once('disconnect', () => {
      service.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
    process.on('message', (command: Command) => {
      service.handle(command).then((answer) => tell({ answer: answer ?? null }), fail);
    });
    tell({ answer: 'ready' });
  };
  main().catch(fail);
}

function tell(message: ChildMessage): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  tell({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
