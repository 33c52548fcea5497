/** How a workflow reads its single input. Runs inside the workflow sandbox: no Node here. */
import { ApplicationFailure } from '@temporalio/common';
import { type z } from 'zod';

/**
 * Parses the one JSON object that a workflow takes.
 *
 * @throws a non-retryable ApplicationFailure `InvalidInput` that names each field, says what is wrong with it,
 * and shows an input that is right.
 */
export function parseInput<T extends z.ZodType>(schema: T, raw: unknown, example: z.input<T>): z.output<T> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw ApplicationFailure.create({
    type: 'InvalidInput',
    nonRetryable: true,
    message: `The input is not right: ${describeIssues(parsed.error, raw)}. A valid input: ${JSON.stringify(example)}`,
    details: [{ issues: parsed.error.issues.map((i) => ({ field: i.path.join('.'), message: i.message })) }],
  });
}

/** Every issue in one line: `field: what is wrong`, separated by semicolons. */
export function describeIssues(error: z.ZodError, raw: unknown): string {
  if (raw === undefined || raw === null) return 'it is empty; one JSON object is needed';
  return error.issues
    .map((issue) => {
      const field = issue.path.length > 0 ? issue.path.join('.') : '(the whole input)';
      return `${field}: ${issue.code === 'invalid_type' && isMissing(raw, issue.path) ? 'is needed' : issue.message}`;
    })
    .join('; ');
}

function isMissing(raw: unknown, path: readonly PropertyKey[]): boolean {
  let value: unknown = raw;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value === undefined;
}
