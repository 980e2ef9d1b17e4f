import { dictionary } from '@zxcvbn-ts/language-common';
import { foldCase } from './caseFolding';

/** NIST SP 800-63B, 3.1.1.2: at least 8 characters, and no composition rules. A character is a code point. */
const MIN_CHARACTERS = 8;

/**
 * The passwords that people reuse most. Attackers try them first. The 49,000 entries come from breaches (the list of
 * zxcvbn-ts).
 */
const COMMON: ReadonlySet<string> = new Set(dictionary['passwords-common']);

/** Attackers also try the name of the service. */
const SERVICE = 'holdfast';

/** A repeated part of at most this length counts even if the end of the password cuts it off. */
const SHORT_PART = 4;

/**
 * Returns why a new password is rejected, or null if it is accepted. As NIST SP 800-63B, 3.1.1.2 requires, the whole
 * password is compared in any case: with a list of common passwords, and with words that belong to the account.
 *
 * @param about the id and the name of the account
 */
export function passwordFault(password: string, about: readonly string[]): string | null {
  if (Array.from(password).length < MIN_CHARACTERS) return `At least ${MIN_CHARACTERS} characters`;
  const text = foldCase(password.normalize('NFKC'));
  if (COMMON.has(text)) return 'One of the most common passwords';
  const part = repeatedPart(text);
  if (part !== null && (part.length < MIN_CHARACTERS || COMMON.has(part))) return 'The same part repeated';
  if (isSequence(text)) return 'Characters in sequence';
  const bare = bareWord(text);
  const known = [SERVICE, ...about.flatMap((word) => [word, word.split('@')[0] ?? ''])];
  const isKnown = known.some((word) => bareWord(foldCase(word.normalize('NFKC'))) === bare);
  return isKnown && bare !== ''
    ? 'The id, the name or the name of the service, with only digits and signs added'
    : null;
}

/**
 * Returns the shortest part that gives the text when it is repeated. The repetition must be whole, except for a very
 * short part. Null if there is no such part.
 */
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

/** Removes the digits and signs around a word. Attackers try these variants as well. */
function bareWord(text: string): string {
  return text.replaceAll(/^[\P{L}]+|[\P{L}]+$/gu, '');
}
