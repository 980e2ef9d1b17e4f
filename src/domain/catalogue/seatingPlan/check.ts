import type { z } from 'zod';
import type { FaultList, PlanFault } from './faults';

export type Path = PlanFault['path'];

/**
 * Checks one part of a plan against its schema.
 *
 * @returns undefined if the part has faults; the faults are then in the list
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

/** JSON keys are never symbols. */
function pathPart(key: PropertyKey): string | number {
  return typeof key === 'symbol' ? String(key) : key;
}
