/**
 * What was asked of the mail host, on disk before it is asked: one small file a step. It is how an operation is found
 * again, and never started twice, after a crash of the worker.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { COMMANDS, type CommandName } from '../carbonio/cli/commands';
import { Problem } from '../failures';
import { unusable, writeDurably } from '../host/durable-file';

const attempt = z.object({
  /** Operations and notifications that were on the host already. */
  before: z.array(z.string()),
  notificationsBefore: z.array(z.string()),
  /** Epoch milliseconds. */
  journalledAt: z.number(),
  /**
   * When the call that asks for it had ended, epoch milliseconds; until that is known, when it had to end at the latest.
   * Not in the journals of earlier releases.
   */
  callEnd: z.number().optional(),
  /** UUID of the operation; null: not known, it may have been started or not. */
  id: z.string().nullable(),
  /** Why this attempt is over without a result; null while it may still bring one. */
  lost: z.string().nullable(),
});
export type Attempt = z.output<typeof attempt>;
export const isUnheard = ({ id }: Pick<Attempt, 'id'>): boolean => id === null;

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

  /** @throws Problem `StateUnavailable`, also when nothing was asked */
  asked(): Step {
    const found = this.read();
    if (found === null) throw new Problem('StateUnavailable', `${this.file} is gone.`);
    return found;
  }

  /** Changes its last attempt. */
  change(more: Partial<Attempt>): Step {
    const asked = this.asked();
    const last = asked.attempts.at(-1) as Attempt;
    return this.write({ ...asked, attempts: [...asked.attempts.slice(0, -1), { ...last, ...more }] });
  }

  /** It is this operation: of the attempt that waits for an id, or of one that was given up and came late. */
  adopt(id: string): string {
    const { attempts, ...rest } = this.asked();
    const last = attempts.at(-1) as Attempt;
    const its = last.lost === null ? last : (attempts.find(isUnheard) ?? last);
    const others = attempts.filter((one) => one !== its);
    this.write({ ...rest, attempts: [...others, { ...its, id, lost: null }] });
    return id;
  }

  /** On disk when it returns. */
  write(next: Step): Step {
    writeDurably(this.file, JSON.stringify(next, null, 1));
    return next;
  }
}
