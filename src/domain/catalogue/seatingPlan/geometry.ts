/** In plan units. y grows downwards. */
export interface Point {
  x: number;
  y: number;
}

export const ORIGIN: Point = { x: 0, y: 0 };

export function sum(...points: Point[]): Point {
  return points.reduce((total, point) => ({ x: total.x + point.x, y: total.y + point.y }), ORIGIN);
}

/** Rounds to hundredths. Plans are drawn in pixels, and sums of floats must not show long decimals. */
export function rounded({ x, y }: Point): Point {
  return { x: hundredths(x), y: hundredths(y) };
}

/** Around the origin, clockwise as seen on the plan. */
export function rotated({ x, y }: Point, degrees: number): Point {
  const angle = (degrees * Math.PI) / 180;
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  return { x: x * cosine - y * sine, y: x * sine + y * cosine };
}

/** Uses the shoelace formula. If the points enclose no area, the result is their mean. */
export function centroid(points: readonly Point[]): { centre: Point; size: number } {
  let [doubled, x, y] = [0, 0, 0];
  points.forEach((from, index) => {
    const to = points[(index + 1) % points.length] ?? from;
    const cross = from.x * to.y - to.x * from.y;
    doubled += cross;
    x += (from.x + to.x) * cross;
    y += (from.y + to.y) * cross;
  });
  if (doubled === 0) {
    const total = sum(...points);
    return { centre: { x: total.x / points.length, y: total.y / points.length }, size: 0 };
  }
  return { centre: { x: x / (3 * doubled), y: y / (3 * doubled) }, size: Math.abs(doubled) / 2 };
}

/** Adding 0 turns -0 into 0. Some programs treat the two as different numbers. */
const hundredths = (value: number): number => Math.round(value * 100) / 100 + 0;
