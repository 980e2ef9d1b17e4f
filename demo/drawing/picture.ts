import type { DrawnArea } from '../../src/domain/catalogue/seatingPlan/areas';
import type { Hall } from '../../src/domain/catalogue/seatingPlan/hall';
import type { Point } from './drawing';

/** A picture with more seats than this is drawn at half size, because its whole numbers are then shorter. */
const MANY_SEATS = 5_000;

/** A plan as a small SVG: each grade is one path of dots. */
export function drawPicture(name: string, { seats, drawing }: Hall): string {
  const { size, categories, areas } = drawing;
  const scale = seats.length > MANY_SEATS ? 0.5 : 1;
  const width = Math.round(size.width * scale);
  const height = Math.round(size.height * scale);
  const dots = categories.map((category) => {
    const path = dotPath(
      seats.filter((seat) => seat.category === category.name),
      scale,
    );
    return `<path stroke="${category.color}" d="${path}"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif">`,
    `<title>${name}: ${seats.length.toLocaleString('en')} seats</title>`,
    `<rect width="${width}" height="${height}" rx="16" fill="#fbfbfd"/>`,
    ...areas.map((area) => drawShape(area, scale)),
    `<g fill="none" stroke-width="${16 * scale}" stroke-linecap="round">`,
    ...dots,
    '</g>',
    ...areas.map((area) => drawText(area, scale)),
    '</svg>',
    '',
  ].join('\n');
}

function dotPath(points: readonly Point[], scale: number): string {
  let last: Point = { x: 0, y: 0 };
  return points
    .map((point) => {
      const next = { x: Math.round(point.x * scale), y: Math.round(point.y * scale) };
      const dx = next.x - last.x;
      const dy = next.y - last.y;
      last = next;
      return `m${dx}${dy < 0 ? '' : ' '}${dy}h0`;
    })
    .join('');
}

function drawShape(area: DrawnArea, scale: number): string {
  const { x, y } = area.position;
  const fill = area.color ?? 'none';
  if (area.shape === 'polygon') {
    const points = area.polygon.points.map((point) => `${(x + point.x) * scale},${(y + point.y) * scale}`);
    return `<polygon points="${points.join(' ')}" fill="${fill}"/>`;
  }
  if (area.shape === 'rectangle') {
    const { width, height } = area.rectangle;
    return `<rect x="${x * scale}" y="${y * scale}" width="${width * scale}" height="${height * scale}" rx="8" fill="${fill}"/>`;
  }
  return '';
}

function drawText({ position, text }: DrawnArea, scale: number): string {
  if (!text) return '';
  const x = (position.x + text.position.x) * scale;
  const y = (position.y + text.position.y) * scale;
  return `<text x="${x}" y="${y}" dy=".35em" text-anchor="middle" font-size="${text.size * scale}" fill="${text.color}">${text.text}</text>`;
}
