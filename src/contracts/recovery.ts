/** Restores of one account, or of a part of one: what they have in common, and what the direct engine is told of them. */
import { z } from 'zod';
import { text } from './fields';
import { parseItemList } from './item-list';

/** As `carbonio backup` writes it, in the time zone of the machine that reads the backup. */
const LOCAL = '\\d{2}/\\d{2}/\\d{4} \\d{2}:\\d{2}:\\d{2}';
/** ISO 8601 with a time zone, which the mail host does not know. */
const ISO = '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?(Z|[+-]\\d{2}:\\d{2})';

/** A moment, or one of some words. */
export const moment = (...words: string[]) =>
  z
    .string()
    .regex(
      new RegExp(`^(${[...words, LOCAL, ISO].join('|')})$`),
      `must be dd/MM/yyyy HH:mm:ss in the time zone of the worker, or such as 2025-12-24T12:00:00Z${words.map((word) => `, or ${word}`).join('')}`,
    );

export const isIso = (value: string): boolean => new RegExp(`^${ISO}$`).test(value);

export const RECOVERIES = ['Restore on New Account', 'Undelete', 'Item Restore'] as const;

/** Internal: how such a restore differs from an External Restore. */
export const recovery = z.strictObject({
  operation: z.enum(RECOVERIES),
  /** Address or id in the source. */
  account: text('the account'),
  /** Address of the mailbox in the target; null: its own. */
  newAccount: z.string().nullable(),
  /** Whether that mailbox may have been there before. */
  existingAccount: z.boolean(),
  /** Only these; null: all. */
  items: z.array(z.int()).max(10_000).nullable(),
  /** Only what was deleted in this time. */
  deleted: z.strictObject({ from: z.string(), to: z.string() }).nullable(),
  /** Where everything goes; null: where it was; true: a folder that is named after the day. */
  folder: z.union([z.string(), z.literal(true)]).nullable(),
});
export type Recovery = z.output<typeof recovery>;

/** What names items: `2057`, `856,13339`, `item:856,13339`. */
export const itemList = z
  .string()
  .refine((value) => Array.isArray(parseItemList(value)), 'must be ids of items, such as 2057 or 856,13339');

/** The folder that everything goes into, at the top of the mailbox. */
export const topFolder = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'must have at most 100 characters')
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  .refine((name) => !/[/\u0000-\u001f\u007f]/.test(name), 'must not hold "/" or control characters');
