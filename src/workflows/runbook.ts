/** A runbook: steps one after the other, which wait for people where people decide, and can be tried again when they fail. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
  type ActivityInterfaceFor,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { Question, RunbookStatus, StepStatus } from '../contracts/runbook';
import { shellWord } from '../report/format';
import { failureMessage } from './failure';
import { Answers, type Answer } from './runbook-answers';
import { exampleOf, runbookPage, visible } from './runbook-page';

const { tellRunbook } = proxyActivities<Activities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 5 },
});

/** Steps that a runbook does itself: minutes at most, and people are asked when they go on failing. */
export const runbookSteps = (heartbeatSeconds: number): ActivityInterfaceFor<Activities> =>
  proxyActivities<Activities>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1 second', maximumInterval: '10 seconds', maximumAttempts: 8 },
  });

export const runbookStatusQuery = defineQuery<RunbookStatus>('status');

export interface RunbookOptions {
  /** What people call it, such as `Disaster recovery`. */
  readonly title: string;
  /** Name and title of each step, in order. */
  readonly steps: readonly (readonly [name: string, title: string])[];
  readonly remindAfterHours: number;
  readonly notifications: readonly string[];
  readonly advanced: { readonly heartbeatSeconds: number };
}

export interface Asked {
  readonly text: string;
  readonly options?: readonly string[];
  /** What each option means, for people. */
  readonly notes?: readonly string[];
  readonly proposed?: readonly string[];
  /** Whether several may be chosen, or none. Default: false */
  readonly several?: boolean;
}

export class Runbook {
  /** What its steps do themselves. */
  readonly acts: ActivityInterfaceFor<Activities>;
  private readonly state: RunbookStatus;
  private readonly steps: ReadonlyMap<string, StepStatus>;
  private readonly answers: Answers;

  constructor(private readonly options: RunbookOptions) {
    this.acts = runbookSteps(options.advanced.heartbeatSeconds);
    const steps = options.steps.map(([name, title]): StepStatus => ({
      name,
      title,
      state: 'open',
      text: null,
    }));
    this.steps = new Map(steps.map((step) => [step.name, step]));
    this.state = { phase: options.title, steps, question: null, files: [] };
    setHandler(runbookStatusQuery, () => this.state, {
      description: 'The steps, what they came to, and which question waits for an answer. No input.',
    });
    this.answers = new Answers();
    this.show();
  }

  /** As they are, for a report. */
  get outcome(): readonly StepStatus[] {
    return this.state.steps;
  }

  /** A report, a list, a script that people should look at. */
  file(path: string): void {
    if (!this.state.files.includes(path)) this.state.files.push(path);
    this.show();
  }

  /** Works through a step. When it fails, people are asked to mend what it names; then it is tried again. */
  async step<T>(name: string, body: () => Promise<T>, text: (result: T) => string): Promise<T> {
    const done = await this.attempt(name, body, text, false);
    return (done as { readonly result: T }).result;
  }

  /** One that people may leave out when it fails. */
  async optional<T>(name: string, body: () => Promise<T>, text: (result: T) => string): Promise<T | null> {
    return (await this.attempt(name, body, text, true))?.result ?? null;
  }

  private async attempt<T>(
    name: string,
    body: () => Promise<T>,
    text: (result: T) => string,
    canSkip: boolean,
  ): Promise<{ readonly result: T } | null> {
    const step = this.of(name);
    for (;;) {
      this.set(step, 'working', null);
      try {
        const result = await body();
        this.set(step, 'done', text(result));
        return { result };
      } catch (error) {
        if (CancellationScope.current().consideredCancelled) throw error;
        // somebody has stopped what works for this step, not the runbook
        const why = isCancellation(error) ? 'it was stopped.' : failureMessage(error);
        this.set(step, 'failed', why);
        const answer = await this.wait(name, 'failure', { text: `${step.title} failed: ${why}` }, canSkip);
        if (answer.kind !== 'skip') continue;
        this.set(step, 'skipped', `left out after it failed: ${why}`);
        return null;
      }
    }
  }

  /** What people decide within a step. Answers what they chose. */
  async ask(name: string, asked: Asked): Promise<readonly string[]> {
    const step = this.of(name);
    this.set(step, 'waiting', step.text);
    const answer = await this.wait(name, 'approval', asked, false);
    this.set(step, 'working', step.text);
    return answer.kind === 'approve' ? answer.choice : [];
  }

  skip(name: string, why: string): void {
    this.set(this.of(name), 'skipped', why);
  }

  /** For {@link numberedChild}: the step says where its progress is shown. */
  shownBy(name: string): (id: string) => void {
    return (id) => {
      this.of(name).text = `its progress is shown by the workflow ${id}`;
      this.show();
    };
  }

  /** The last word on its page. */
  end(text: string): void {
    this.state.phase = text;
    this.show();
  }

  /** Tells people by mail; what cannot be sent is no failure of the runbook. */
  async tell(event: string, subject: string, text: string): Promise<void> {
    try {
      const outcome = await tellRunbook({ event, subject, text, to: [...this.options.notifications] });
      log.info('people were told', { event, outcome });
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('people could not be told', { event, cause: failureMessage(error) });
    }
  }

  private async wait(
    step: string,
    kind: Question['kind'],
    { text, options = [], notes = [], proposed = [], several = false }: Asked,
    canSkip: boolean,
  ): Promise<Answer> {
    const command = (verb: string, ...more: string[]): string =>
      ['lifeboat', 'dr', verb, workflowInfo().workflowId, step, ...more].map(shellWord).join(' ');
    const chosen = exampleOf({ options, proposed, several }).flatMap((one) => ['--choose', one]);
    const question: Question = {
      ...{ step, kind, text, options, notes, proposed, several },
      command:
        kind === 'failure'
          ? command('retry')
          : command('approve', ...(several && chosen.length === 0 ? ['--none'] : chosen)),
      skipCommand: canSkip ? command('skip') : null,
      since: new Date().toISOString(),
    };
    this.state.question = question;
    this.show();
    try {
      const every = this.options.remindAfterHours * 3_600_000;
      return await this.answers.to({ question, several, canSkip }, every, () => this.remind(question));
    } finally {
      this.state.question = null;
      this.show();
    }
  }

  private remind({ step, text, since, command }: Question): Promise<void> {
    const lines = [
      ...text.split('\n').map(visible),
      '',
      `It waits since ${since}. Answer with`,
      `  ${command}`,
      '',
    ];
    return this.tell('reminder', `${this.options.title}: ${step} waits for an answer`, lines.join('\n'));
  }

  private of(name: string): StepStatus {
    const step = this.steps.get(name);
    if (step === undefined) throw ApplicationFailure.nonRetryable(`The runbook has no step ${name}.`);
    return step;
  }

  private set(step: StepStatus, state: StepStatus['state'], text: string | null): void {
    step.state = state;
    step.text = text;
    this.state.phase = `${step.title}: ${state}`;
    this.show();
  }

  private show(): void {
    setCurrentDetails(runbookPage(this.state));
  }
}
