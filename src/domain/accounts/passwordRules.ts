import { dictionary } from '@zxcvbn-ts/language-common';
import { foldCase } from './caseFolding';

/** NIST SP 800-63B, 3.1.1.2: at least 8 characters, and no rules of composition. A character is a code point. */
const MIN_CHARACTERS = 8;

/** Whoever guesses tries these first: what people reuse most, from breaches (49,000; the list of zxcvbn-ts). */
const COMMON: ReadonlySet<string> = new Set(dictionary['passwords-common']);

/** Whoever guesses tries the name of the service, too. */
const SERVICE = 'holdfast';

/** A part that is repeated as often as this length is still as short as its part. */
const SHORT_PART = 4;

/**
 * Why a new password is refused; null where it is not. The whole password is compared, in any case, as NIST SP
 * 800-63B, 3.1.1.2 says: with a list of common ones, and with what belongs to the account.
 *
 * @param about the account's id and name
 */
export function passwordFault(password: string, about: readonly string[]): string | null {
  if (Array.from(password).length < MIN_CHARACTERS) return `At least ${MIN_CHARACTERS} characters`;
  const text = foldCase(password.normalize('NFKC'));
  if (COMMON.has(text)) return 'One of the most common passwords';
  const part = repeatedPart(text);
  if (part !== null && (part.length < MIN_CHARACTERS || COMMON.has(part))) return 'The same again and again';
  if (isSequence(text)) return 'Characters in their order';
  const bare = bareWord(text);
  const known = [SERVICE, ...about.flatMap((word) => [word, word.split('@')[0] ?? ''])];
  const isKnown = known.some((word) => bareWord(foldCase(word.normalize('NFKC'))) === bare);
  return isKnown && bare !== ''
    ? 'The id, the name or the name of the service, with no more than digits and signs'
    : null;
}

/** The shortest part that gives the text when it is repeated, whole twice at least, or else some very short one. */
function repeatedPart(text: string): string | null {
  const characters = Array.from(text);
  for (let length = 1; length <= characters.length / 2; length += 1) {
    const repeats = characters.every((character, index) => character === characters[index % length]);
    const isWhole = length <= SHORT_PART || characters.length % length === 0;
    if (repeats && isWhole) return characters.slice(0, length).join('');
  }
  return null;
}

/** Such as 12345678, hgfedcba or ㄱㄴㄷㄹㅁㅂㅅㅇ. */
function isSequence(text: string): boolean {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = new Set(points.slice(1).map((point, index) => point - (points[index] ?? 0)));
  const [step] = steps;
  return steps.size === 1 && (step === 1 || step === -1);
}

/** Without the digits and signs around a word, which guessers try as well. */
function bareWord(text: string): string {
  return text.replaceAll(/^[\P{L}]+|[\P{L}]+$/gu, '');
}
