import type { Round } from '../row';

/**
 * Measures two things one after the other, in turns the one and the other first: a machine that gets slower
 * meanwhile favours neither.
 */
export async function sideBySide<Ours, Reference>(
  { number }: Round,
  ours: () => Promise<Ours>,
  reference: () => Promise<Reference>,
): Promise<[Ours, Reference]> {
  if (number % 2 === 1) {
    const first = await ours();
    return [first, await reference()];
  }
  const first = await reference();
  return [await ours(), first];
}
