/** What people say to a runbook: the updates, which of them fit what waits, and what was answered. */
import { ApplicationFailure, condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { parseInput } from '../contracts/input';
import {
  approval,
  approvalExample,
  retryExample,
  retryRequest,
  type Approval,
  type Question,
  type RetryRequest,
} from '../contracts/runbook';

export const approveUpdate = defineUpdate<string, [Approval]>('approve');
export const retryUpdate = defineUpdate<string, [RetryRequest]>('retry');
export const skipUpdate = defineUpdate<string, [RetryRequest]>('skip');

export type Answer =
  { readonly kind: 'approve'; readonly choice: readonly string[] } | { readonly kind: 'retry' | 'skip' };

export interface Asking {
  readonly question: Question;
  /** Whether several options may be chosen, or none. */
  readonly several: boolean;
  /** Whether the step may be left out when it has failed. */
  readonly canSkip: boolean;
}

export class Answers {
  private asking: Asking | null = null;
  private answer: Answer | null = null;

  constructor() {
    setHandler(approveUpdate, (raw) => this.take({ kind: 'approve', choice: this.chosen(raw) }), {
      validator: (raw) => void this.chosen(raw),
      description: `Answers the question that waits. Example: ${JSON.stringify(approvalExample)}`,
    });
    setHandler(retryUpdate, () => this.take({ kind: 'retry' }), {
      validator: (raw: RetryRequest) => void this.failed(raw),
      description: `Tries a step again that has failed. Example: ${JSON.stringify(retryExample)}`,
    });
    setHandler(skipUpdate, () => this.take({ kind: 'skip' }), {
      validator: (raw: RetryRequest) => {
        const { canSkip, question } = this.failed(raw);
        if (!canSkip)
          throw invalid(
            `The step "${question.step}" cannot be left out: mend what it names, and try it again.`,
          );
      },
      description: `Goes on without a step that has failed, where that can be. Example: ${JSON.stringify(retryExample)}`,
    });
  }

  /** Waits for an answer; `remind` is called after each `everyMs` without one. */
  async to(asking: Asking, everyMs: number, remind: () => Promise<void>): Promise<Answer> {
    this.asking = asking;
    this.answer = null;
    try {
      const isAnswered = (): boolean => this.answer !== null;
      // an answer does not wait for a mail that is on its way
      while (!(await condition(isAnswered, everyMs))) await Promise.race([remind(), condition(isAnswered)]);
      return this.answer as unknown as Answer;
    } finally {
      this.asking = null;
    }
  }

  private take(answer: Answer): string {
    this.answer = answer;
    const chosen = answer.kind === 'approve' && answer.choice.length > 0;
    return chosen ? `taken: ${answer.choice.join(', ')}` : 'taken';
  }

  private waitingFor(step: string): Asking {
    const { asking } = this;
    if (asking === null || this.answer !== null) throw invalid('Nothing waits for an answer.');
    if (asking.question.step !== step)
      throw invalid(`"${asking.question.step}" waits for an answer, not "${step}".`);
    return asking;
  }

  private chosen(raw: unknown): readonly string[] {
    const { step, choice } = parseInput(approval, raw, approvalExample);
    const { question, several } = this.waitingFor(step);
    const { kind, options, proposed } = question;
    if (kind === 'failure') throw invalid(`The step "${step}" has failed: it waits for \`retry\`.`);
    const chosen = choice ?? proposed;
    const unknown = chosen.filter((one) => !options.includes(one));
    if (unknown.length > 0)
      throw invalid(`There is no choice ${unknown.join(', ')}; there are: ${options.join(', ') || 'none'}.`);
    if (!several && options.length > 0 && chosen.length !== 1)
      throw invalid(`Choose one of: ${options.join(', ')}.`);
    return chosen;
  }

  private failed(raw: unknown): Asking {
    const { step } = parseInput(retryRequest, raw, retryExample);
    const asking = this.waitingFor(step);
    if (asking.question.kind === 'failure') return asking;
    throw invalid(`The step "${step}" has not failed: it waits for \`approve\`.`);
  }
}

const invalid = (message: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, 'InvalidInput');
