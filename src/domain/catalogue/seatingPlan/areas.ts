import { AREA_COLOR, TEXT_COLOR, usableColor } from './colors';
import type { FaultList } from './faults';
import { centroid, ORIGIN, rotated, rounded, sum, type Point } from './geometry';
import { plainName } from './names';
import type { PlanArea } from './schema';

/**
 * The position of an area is the top left corner of a rectangle, and the centre of a circle or an ellipse. The points
 * of a polygon are relative to the position.
 */
type Outline =
  | { shape: 'polygon'; polygon: { points: Point[] } }
  | { shape: 'rectangle'; rectangle: { width: number; height: number } }
  | { shape: 'circle'; circle: { radius: number } }
  | { shape: 'ellipse'; ellipse: { radius: Point } }
  | { shape: 'text' };

/** A shape or a caption that is drawn in addition to the seats, in coordinates of the whole plan. */
export type DrawnArea = Outline & {
  position: Point;
  /** Degrees, clockwise around `position`. The text is rotated too. */
  rotation: number;
  /** null: the area is not filled, or has no border. */
  color: string | null;
  borderColor: string | null;
  /** The caption. Its position is its middle, relative to the position of the area. */
  text: { text: string; position: Point; color: string; size: number } | null;
};

/** The default of pretix's renderer, for a plan that gives no text size. */
const TEXT_SIZE = 16;

/**
 * @param origin the origin of the area's zone
 * @param path the path of the area in the plan, for warnings about its colours
 */
export function drawArea(
  area: PlanArea,
  { origin, path, warnings }: { origin: Point; path: (string | number)[]; warnings: FaultList },
): DrawnArea {
  const outline = outlineOf(area);
  const color = (value: string | undefined, name: string[], fallback: string): string | null => {
    if (value === undefined || value.trim() === '' || value.trim() === 'none') return null;
    const usable = usableColor(value);
    if (usable === null) warnings.add([...path, ...name], `Not a CSS color; ${fallback} is used instead`);
    return usable ?? fallback;
  };
  const text = typeof area.text === 'string' ? { text: area.text } : area.text;
  return {
    ...outline,
    position: rounded(sum(origin, area.position ?? ORIGIN)),
    rotation: area.rotation ?? 0,
    color: color(area.color, ['color'], AREA_COLOR),
    borderColor: color(area.border_color, ['border_color'], AREA_COLOR),
    text:
      text && plainName(text.text) !== ''
        ? {
            text: plainName(text.text),
            position: rounded(text.position ?? middleOf(outline).centre),
            color: color(text.color, ['text', 'color'], TEXT_COLOR) ?? TEXT_COLOR,
            size: text.size ?? TEXT_SIZE,
          }
        : null,
  };
}

/** Returns the middle of an area on the plan, and the size of the area. */
export function measureArea(area: DrawnArea): { centre: Point; size: number } {
  const { centre, size } =
    area.shape === 'text' ? { centre: area.text?.position ?? ORIGIN, size: 0 } : middleOf(area);
  return { centre: sum(area.position, rotated(centre, area.rotation)), size };
}

/**
 * Plans from the first years of the editor have a width and a height instead of a shape. An area without an outline is
 * a caption.
 */
function outlineOf(area: PlanArea): Outline {
  const { shape, polygon, circle, ellipse, width, height } = area;
  const rectangle =
    area.rectangle ?? (width === undefined || height === undefined ? undefined : { width, height });
  const may = (name: Outline['shape']): boolean => shape === undefined || shape === name;
  if (polygon && may('polygon'))
    return { shape: 'polygon', polygon: { points: polygon.points.map(rounded) } };
  if (circle && may('circle')) return { shape: 'circle', circle: { radius: circle.radius } };
  if (ellipse && may('ellipse')) return { shape: 'ellipse', ellipse: { radius: rounded(ellipse.radius) } };
  if (rectangle && may('rectangle')) {
    return { shape: 'rectangle', rectangle: { width: rectangle.width, height: rectangle.height } };
  }
  return { shape: 'text' };
}

/** Relative to the position of the area, before the rotation. */
function middleOf(outline: Outline): { centre: Point; size: number } {
  switch (outline.shape) {
    case 'polygon':
      return outline.polygon.points.length > 0
        ? centroid(outline.polygon.points)
        : { centre: ORIGIN, size: 0 };
    case 'circle':
      return { centre: ORIGIN, size: Math.PI * outline.circle.radius ** 2 };
    case 'ellipse':
      return { centre: ORIGIN, size: Math.PI * outline.ellipse.radius.x * outline.ellipse.radius.y };
    case 'rectangle': {
      const { width, height } = outline.rectangle;
      return { centre: { x: width / 2, y: height / 2 }, size: width * height };
    }
    case 'text':
      return { centre: ORIGIN, size: 0 };
  }
}
