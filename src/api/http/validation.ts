import type { z } from 'zod';
import { Problem } from '../../domain/problems';

/** One fault of a request. `path` is dotted, such as `seatIds.0`. It is empty for the value as a whole. */
export interface ValidationIssue {
  path: string;
  message: string;
}

/** Collects the issues of all parts of a request, so that a client gets all of them at once. */
export interface Validation {
  /**
   * Returns the parsed value. It has no meaning after an issue was found. Without a schema there is nothing to read.
   */
  parse<S extends z.ZodType>(schema: S | undefined, value: unknown): z.output<S>;
  add(...issues: readonly ValidationIssue[]): void;
  /** The issues so far. */
  readonly issues: readonly ValidationIssue[];

  /** @throws {Problem} validation-failed with every issue */
  throwIfFailed(): void;
}

export function createValidation(): Validation {
  const issues: ValidationIssue[] = [];
  return {
    issues,
    parse<S extends z.ZodType>(schema: S | undefined, value: unknown) {
      // If no schema is given, S has no fields to read. After an issue, no code reads the value.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
      const nothing = undefined as z.output<S>;
      if (!schema) return nothing;
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      issues.push(...parsed.error.issues.flatMap(describeIssue));
      return nothing;
    },
    add: (...found) => void issues.push(...found),
    throwIfFailed() {
      if (issues.length > 0) throw validationFailed(issues);
    },
  };
}

/** For faults that no schema can find, such as a seat count that depends on the schedule. */
export function validationFailed(issues: readonly ValidationIssue[]): Problem {
  const [first] = issues;
  const detail = first
    ? `${first.path ? `${first.path}: ` : ''}${first.message}`
    : 'The request is not valid.';
  return new Problem('validation-failed', detail, { errors: issues });
}

function describeIssue(issue: z.core.$ZodIssue): ValidationIssue[] {
  const path = issue.path.map(String);
  // One issue for each unknown field, at the field's own path.
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'Unknown field' }));
  }
  return [{ path: path.join('.'), message: issue.message }];
}
