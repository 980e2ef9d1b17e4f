import type { ZoneAreas } from './schema';

export interface Point {
  x: number;
  y: number;
}

type Area = NonNullable<ZoneAreas['areas']>[number];

/** What plans write on their stage; a word of its own where the script has words. */
const STAGE = /\b(stage|bühne|scène|escenario|palco|palcoscenico)\b|무대|舞台|ステージ/iu;

/**
 * The point of a plan that seats are near to or far from: the centroid of the area whose caption calls it a
 * stage, and of the largest where several do. A runway pulls it forward by its share of the area.
 *
 * @returns in plan units; null where no area is a stage
 */
export function stageOf(zones: readonly ZoneAreas[]): Point | null {
  const stages = zones
    .flatMap(({ position, areas = [] }) =>
      areas.filter(isStage).map((area) => measure(area, sum(position, area.position ?? { x: 0, y: 0 }))),
    )
    .toSorted((a, b) => b.size - a.size);
  return stages.at(0)?.centre ?? null;
}

function isStage({ text }: Area): boolean {
  return STAGE.test(typeof text === 'string' ? text : (text?.text ?? ''));
}

/** Rectangles hang from their corner, circles and ellipses lie around their middle, polygons bring their points. */
function measure(area: Area, at: Point): { centre: Point; size: number } {
  const { circle, ellipse, polygon } = area;
  if (polygon && polygon.points.length > 2) {
    const { centre, size } = centroid(polygon.points);
    return { centre: sum(at, centre), size };
  }
  if (circle) return { centre: at, size: Math.PI * circle.radius ** 2 };
  if (ellipse) return { centre: at, size: Math.PI * ellipse.radius.x * ellipse.radius.y };
  const { width = 0, height = 0 } = area.rectangle ?? area;
  return { centre: sum(at, { x: width / 2, y: height / 2 }), size: width * height };
}

/** By the shoelace formula; points that enclose nothing have their mean. */
function centroid(points: readonly Point[]): { centre: Point; size: number } {
  let [doubled, x, y] = [0, 0, 0];
  points.forEach((from, index) => {
    const to = points[(index + 1) % points.length] ?? from;
    const cross = from.x * to.y - to.x * from.y;
    doubled += cross;
    x += (from.x + to.x) * cross;
    y += (from.y + to.y) * cross;
  });
  if (doubled === 0) {
    const total = points.reduce(sum);
    return { centre: { x: total.x / points.length, y: total.y / points.length }, size: 0 };
  }
  return { centre: { x: x / (3 * doubled), y: y / (3 * doubled) }, size: Math.abs(doubled) / 2 };
}

function sum(a: Point, b: Point): Point {
  return { x: a.x + b.x, y: a.y + b.y };
}
