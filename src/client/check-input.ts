/** Reading the input that a command makes, before anything is started. */
import type { z } from 'zod';
import { describeIssues } from '../contracts/input';
import { CommandError } from './errors';

/** With every default filled in. @throws CommandError `InvalidInput` that names every field that is wrong */
export function checkInput<T extends z.ZodType>(schema: T, request: unknown, hint = ''): z.output<T> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  throw new CommandError(
    'InvalidInput',
    `The input is not right: ${describeIssues(parsed.error, request)}.${hint}`,
  );
}
