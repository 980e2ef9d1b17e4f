import { foldCase } from './caseFolding';

/** Letters, marks and digits of any script, as names of accounts have them, and `. _ @ + -`. */
const NAME = String.raw`[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]*`;

/**
 * Every address that RFC 5321 and RFC 6531 allow, and some more: whatever stands before the last @ is the business of
 * that mail server. The domain may be an address in brackets.
 */
const EMAIL = String.raw`(?!\p{M}).+@(?:[\p{L}\p{M}\p{N}.-]+|\[[\x21-\x5a\x5e-\x7e]+\])`;

/** What nobody can see or type: control and format characters, unassigned ones, and spaces but the one of ASCII. */
const INVISIBLE = String.raw`[\p{C}\p{Default_Ignorable_Code_Point}]|(?! )\p{Z}`;

/** The id that somebody chooses to log in with, composed (NFC) and without white space around it. */
export const LOGIN = new RegExp(`^(?!.*(?:${INVISIBLE}))(?:${NAME}|${EMAIL})$`, 'u');

/** 254: the longest e-mail address (RFC 5321, 4.5.3.1.3). */
export const LOGIN_LENGTH = { min: 3, max: 254 };

/** The form in which ids are stored and compared: the same account whatever keyboard and case it was typed with. */
export function canonicalLogin(text: string): string {
  return foldCase(text.trim());
}
