import type * as fc from 'fast-check';
import type { Model } from './model';
import type { World } from './world';

export type ModelCommand = fc.AsyncCommand<Model, World>;

export interface CommandParts {
  /** With its arguments, as a failure shows it. */
  name: string;
  /** The command needs something that the model may not have, such as a held reservation. Default: it needs nothing. */
  isPossible?: (model: Readonly<Model>) => boolean;
  /** No other sequence does anything meanwhile. */
  isAlone?: boolean;
  /**
   * Sends the requests, checks the responses and changes the model.
   *
   * @returns the line for the log: it depends on the seed only, not on times and ids
   */
  play: (model: Model, world: World) => Promise<string>;
}

export function command({ name, isPossible, isAlone = false, play }: CommandParts): ModelCommand {
  return {
    check: (model) => isPossible?.(model) ?? true,
    async run(model, world) {
      const turn = async () => play(model, world);
      const line = await (isAlone ? world.turns.alone(turn) : world.turns.shared(turn)).catch(
        (error: unknown) => {
          world.log(`${name}: failed`);
          throw error;
        },
      );
      world.log(line);
    },
    toString: () => name,
  };
}

/** An arbitrary number chooses an item of a list. */
export function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('the list is empty');
  return item;
}
