import type { z } from 'zod';
import type { FaultList, PlanFault } from './faults';

export type Path = PlanFault['path'];

/**
 * One part of a plan, as its schema has it.
 *
 * @returns undefined where it has faults, which are listed then
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  part: unknown,
  path: Path,
  faults: FaultList,
): z.output<Schema> | undefined {
  const parsed = schema.safeParse(part);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) faults.add([...path, ...issue.path.map(pathPart)], issue.message);
  return undefined;
}

/** JSON has no symbols for keys. */
function pathPart(key: PropertyKey): string | number {
  return typeof key === 'symbol' ? String(key) : key;
}
