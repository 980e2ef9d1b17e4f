/**
 * Redraws the demo venues: `npm run build && node dist/demo/drawing/draw.js`. Writes the seating plans to
 * `demo/plans/` and pictures of them to `docs/pictures/`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { seatingPlanSchema } from '../../src/domain/catalogue/seatingPlan/schema';
import { repositoryRoot } from '../../src/config/repository';
import { readPlan } from '../../src/domain/catalogue/seatingPlan/readPlan';
import { drawArena } from './arena';
import { drawHall } from './hall';
import { drawPicture } from './picture';
import { drawTheatre } from './theatre';

const ROOT = repositoryRoot();
const plans = { theatre: drawTheatre(), hall: drawHall(), arena: drawArena() };

for (const [name, drawn] of Object.entries(plans)) {
  // Puts the members in the order of the schema.
  const plan = seatingPlanSchema.parse(drawn);
  const reading = readPlan(plan);
  if (reading.kind === 'faulty') throw new Error(JSON.stringify(reading.faults));
  write('demo/plans', `${name}.json`, `${JSON.stringify(plan)}\n`);
  write('docs/pictures', `${name}.svg`, drawPicture(plan.name, reading.hall));
}

function write(folder: string, name: string, content: string): void {
  mkdirSync(path.join(ROOT, folder), { recursive: true });
  writeFileSync(path.join(ROOT, folder, name), content);
}
