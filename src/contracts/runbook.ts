/** What runbooks that wait for people have in common: their steps, their questions, and the answers. */
import { z } from 'zod';
import { text } from './fields';
import { hostTuning } from './host-operations';

export type StepState = 'open' | 'working' | 'waiting' | 'failed' | 'done' | 'skipped';

export interface StepStatus {
  readonly name: string;
  readonly title: string;
  state: StepState;
  /** What came out of it, or why it failed. */
  text: string | null;
}

/** What the runbook waits for. */
export interface Question {
  readonly step: string;
  /** `approval`: choose among `options`, or take what is proposed. `failure`: the step failed, and can be tried again. */
  readonly kind: 'approval' | 'failure';
  readonly text: string;
  /** What can be chosen; empty: there is nothing to choose. */
  readonly options: readonly string[];
  /** Taken when the answer names nothing. */
  readonly proposed: readonly string[];
  /** Of each option, for people: what it means; empty: nothing to say. */
  readonly notes?: readonly string[];
  /** Any number of the options may be chosen, also none. */
  readonly several?: boolean;
  /** The exact command that answers it: with what is proposed, else with the first option. */
  readonly command: string;
  /** The exact command that goes on without the step; null: it cannot be left out. */
  readonly skipCommand?: string | null;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface RunbookStatus {
  phase: string;
  readonly steps: readonly StepStatus[];
  question: Question | null;
  /** Reports, lists, scripts: on the worker's machine. */
  readonly files: string[];
}

export const approval = z.strictObject({
  step: text('the step').describe('The step that waits, as the status names it. Example: "source"'),
  choice: z
    .array(text('a choice'))
    .max(1_000)
    .optional()
    .describe(
      'What is chosen among the options. Default: what is proposed; [] chooses nothing. Example: ["/mnt/old"]',
    ),
});
export type Approval = z.input<typeof approval>;
export const approvalExample: Approval = { step: 'source', choice: ['/mnt/old'] };

export const retryRequest = z.strictObject({
  step: text('the step').describe('The step that has failed. Example: "readiness"'),
});
export type RetryRequest = z.input<typeof retryRequest>;
export const retryExample: RetryRequest = { step: 'readiness' };

/** Of its own steps, and of single operations of the mail host; a restore has `carbonio`. */
const tuning = z.strictObject(hostTuning);
export type RunbookTuning = z.output<typeof tuning>;

export const runbookFields = {
  remindAfterHours: z
    .number()
    .gt(0)
    .max(720)
    .default(4)
    .describe(
      'A mail reminds of a question that nobody has answered for so long, and again after each such time. Default: 4',
    ),
  advanced: tuning.prefault({}).describe('For tests and rare needs.'),
};
