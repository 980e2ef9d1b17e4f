import { measureArea, type DrawnArea } from './areas';
import { rounded, type Point } from './geometry';
import { stageRank } from './stageCaptions';

/**
 * Finds the point from which the distance of seats is measured. It is the middle of the area whose caption says
 * "stage", or else "screen". If several areas match, the largest one counts. A runway moves the point forward in
 * proportion to its share of the area.
 *
 * @returns in plan units; null if no area is a stage
 */
export function findStage(areas: readonly DrawnArea[]): Point | null {
  const [best] = areas
    .map((area) => ({ rank: stageRank(area.text?.text ?? ''), ...measureArea(area) }))
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank || b.size - a.size);
  return best ? rounded(best.centre) : null;
}
