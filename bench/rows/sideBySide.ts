import type { Round } from '../row';

/**
 * Measures two things one after the other, and swaps the order each round. So a machine that becomes slower during
 * the run favours neither.
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
