import { isStorable } from '../../domain/storableText';
import type { ValidationIssue } from './validation';

/** Enough to see what is wrong. A body of megabytes could have a fault in each of its texts. */
const MAX_ISSUES = 100;

/** Deeper than any body of this API, but shallow enough for code that walks through a body by recursion. */
const MAX_DEPTH = 64;

/** The name of an unknown field may be megabytes long, and it is part of the path of every issue below it. */
const MAX_NAME = 100;

/**
 * Finds what JSON allows but the service cannot store: texts and field names with NUL or lone surrogates, and values
 * that are nested too deeply.
 *
 * @returns at most 100 issues, each with its path
 */
export function findUnstorable(value: unknown): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const path: string[] = [];

  function visit(part: unknown): void {
    if (issues.length >= MAX_ISSUES) return;
    if (typeof part === 'string') {
      if (!isStorable(part)) report('Must not contain NUL or a lone surrogate');
      return;
    }
    if (typeof part !== 'object' || part === null) return;
    if (path.length >= MAX_DEPTH) {
      report(`Nested more than ${MAX_DEPTH} deep`);
      return;
    }
    for (const [name, member] of Object.entries(part)) {
      path.push(name);
      if (!isStorable(name)) report('The name of the field must not contain NUL or a lone surrogate');
      visit(member);
      path.pop();
    }
  }

  function report(message: string): void {
    issues.push({ path: path.map(readable).join('.'), message });
  }

  visit(value);
  return issues;
}

/** Returns a name that can be shown and stored anywhere. */
function readable(name: string): string {
  return name.slice(0, MAX_NAME).replaceAll(/[\0\p{Surrogate}]/gu, '\u{FFFD}');
}
