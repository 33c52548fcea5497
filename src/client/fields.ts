/** Fields of an input as words of a command line. */
import { z } from 'zod';
import { CommandError } from './errors';

/** `field=value`; what the schema wants as a list is split at commas, and so on. @throws CommandError `Usage` */
export function readFields(schema: z.ZodType, fields: readonly string[]): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return Object.fromEntries(
    fields.map((field) => {
      const equals = field.indexOf('=');
      if (equals < 1) throw new CommandError('Usage', `"${field}" is not of the form field=value.`);
      const [key, value] = [field.slice(0, equals), field.slice(equals + 1)];
      const property = properties[key];
      const type = typeof property === 'object' ? property.type : undefined;
      return [key, asType(type, value)];
    }),
  );
}

/** What is of no such type stays text: the contract says what is wrong with it. */
function asType(type: unknown, value: string): unknown {
  if (type === 'array') return value.split(',').map((part) => part.trim());
  if (type === 'boolean' && /^(true|false)$/.test(value)) return value === 'true';
  if ((type === 'integer' || type === 'number') && /^\d+$/.test(value)) return Number(value);
  return value;
}
