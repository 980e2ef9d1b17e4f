import { foldCase } from './caseFolding';

/** Letters, marks and digits of any script, and `. _ @ + -`. Account names consist of these. */
const NAME = String.raw`[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]*`;

/**
 * Accepts every address that RFC 5321 and RFC 6531 allow, and some more. Only the mail server of the domain decides
 * about the part before the last @. The domain may be an address in brackets.
 */
const EMAIL = String.raw`(?!\p{M}).+@(?:[\p{L}\p{M}\p{N}.-]+|\[[\x21-\x5a\x5e-\x7e]+\])`;

/**
 * Characters that a person cannot see or type: control, format and unassigned characters, and all spaces except the
 * ASCII space.
 */
const INVISIBLE = String.raw`[\p{C}\p{Default_Ignorable_Code_Point}]|(?! )\p{Z}`;

/** The id that a user chooses to log in with. It is composed (NFC) and has no white space around it. */
export const LOGIN = new RegExp(`^(?!.*(?:${INVISIBLE}))(?:${NAME}|${EMAIL})$`, 'u');

/** 254: the longest e-mail address (RFC 5321, 4.5.3.1.3). */
export const LOGIN_LENGTH = { min: 3, max: 254 };

/**
 * The form in which ids are stored and compared. The keyboard and the case that a user types with make no difference.
 */
export function canonicalLogin(text: string): string {
  return foldCase(text.trim());
}
