/** Returns the member of a value, if the value is an object that has it. The value may have any shape. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/** Like {@link memberOf}, but returns an empty list if the member is not a list. */
export function listIn(value: unknown, name: string): unknown[] {
  const member = memberOf(value, name);
  return Array.isArray(member) ? member : [];
}
