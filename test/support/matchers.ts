/** Jest types its matchers as `any`, which would hide mistakes around them. */
export const aString: unknown = expect.any(String);
export const aNumber: unknown = expect.any(Number);
export const aDate: unknown = expect.any(Date);

export const textLike = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** A list that has each of these, in any order and among others. */
export const listWith = (items: readonly unknown[]): unknown => expect.arrayContaining([...items]);
