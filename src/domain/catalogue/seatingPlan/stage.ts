import { measureArea, type DrawnArea } from './areas';
import { rounded, type Point } from './geometry';
import { stageRank } from './stageCaptions';

/**
 * The point of a plan that seats are near to or far from: the middle of the area whose caption calls it a stage, or
 * else a screen, and of the largest where several do. A runway pulls it forward by its share of the area.
 *
 * @returns in plan units; null where no area is a stage
 */
export function findStage(areas: readonly DrawnArea[]): Point | null {
  const [best] = areas
    .map((area) => ({ rank: stageRank(area.text?.text ?? ''), ...measureArea(area) }))
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank || b.size - a.size);
  return best ? rounded(best.centre) : null;
}
