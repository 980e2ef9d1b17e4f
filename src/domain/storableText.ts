/** NUL and half of a surrogate pair. JSON allows both in a text, but Postgres can store neither. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}
