/**
 * What was asked of the mail host, on disk before it is asked: one small file a step. It is how an operation is found
 * again, and never started twice, after a crash of the worker.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { COMMANDS, type CommandName } from '../carbonio/cli/commands';
import { unusable, writeDurably } from '../host/durable-file';

const attempt = z.object({
  /** Operations and notifications that were on the host already. */
  before: z.array(z.string()),
  notificationsBefore: z.array(z.string()),
  /** Epoch milliseconds. */
  journalledAt: z.number(),
  /** UUID of the operation; null: not known, it may have been started or not. */
  id: z.string().nullable(),
  /** Why this attempt is over without a result; null while it may still bring one. */
  lost: z.string().nullable(),
});
export type Attempt = z.output<typeof attempt>;

const result = z.object({
  /** `unproved`: nobody can say that it is done; a person must look. */
  outcome: z.enum(['successful', 'failed', 'stopped', 'unproved']),
  why: z.string().nullable(),
  /** The notification of its end, as it came. */
  text: z.string().nullable(),
});
export type StepResult = z.output<typeof result>;

const step = z.object({
  command: z.enum(Object.keys(COMMANDS) as [CommandName, ...CommandName[]]),
  values: z.record(z.string(), z.unknown()),
  /** What its parameters on the host must name to be this one: paths, accounts. */
  subjects: z.array(z.string()),
  attempts: z.array(attempt),
  result: result.nullable(),
});
export type Step = z.output<typeof step>;

export class StepJournal {
  constructor(readonly file: string) {}

  /** Null when nothing was asked yet. @throws Problem `StateUnavailable` */
  read(): Step | null {
    try {
      return step.parse(JSON.parse(readFileSync(this.file, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw unusable(this.file, 'read', error);
    }
  }

  /** On disk when it returns. */
  write(next: Step): Step {
    writeDurably(this.file, JSON.stringify(next, null, 1));
    return next;
  }
}
