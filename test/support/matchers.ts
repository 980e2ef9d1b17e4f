/** Typed matchers: Jest types its matchers as `any`, which would hide mistakes around them. */
export const aString: unknown = expect.any(String);
export const aNumber: unknown = expect.any(Number);
export const aDate: unknown = expect.any(Date);

export const textLike = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** A list that contains each of these items, in any order, and may contain others. */
export const listWith = (items: readonly unknown[]): unknown => expect.arrayContaining([...items]);
