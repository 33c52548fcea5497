/** The person who follows a runbook: sees what it waits for and answers; and who kills the worker wherever one can be killed. */
import type { WorkflowHandle } from '@temporalio/client';
import type { Approval, Question, RunbookStatus } from '../../src/contracts/runbook';
import { sleep } from '../e2e/harness';
import type { EngineBench } from '../workflows/carbonio-bench';

export interface Played {
  readonly questions: Question[];
  /** Steps in which the worker was killed. */
  readonly killed: string[];
}

export async function statusOf(handle: WorkflowHandle): Promise<RunbookStatus | null> {
  return handle.query<RunbookStatus>('status').catch(() => null);
}

/** What it waits for now; fails when it has ended. */
export async function untilAsked(handle: WorkflowHandle, step?: string): Promise<Question> {
  for (;;) {
    const question = (await statusOf(handle))?.question ?? null;
    if (question !== null && (step === undefined || question.step === step)) return question;
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') throw new Error(`The runbook has ended: ${status.name}.`);
    await sleep(100);
  }
}

/**
 * Answers every question as `answer` says, until the runbook ends. With `kills`, the worker is killed once in every step,
 * while it works and while it waits.
 */
export async function play(
  bench: EngineBench,
  handle: WorkflowHandle,
  answer: (question: Question) => readonly ['approve', Approval['choice']?] | readonly ['retry' | 'skip'],
  kills: boolean,
): Promise<Played> {
  const questions: Question[] = [];
  const killed = new Set<string>();
  const kill = async (where: string): Promise<void> => {
    if (!kills || killed.has(where)) return;
    killed.add(where);
    await bench.worker.kill();
    bench.startWorker();
  };
  for (;;) {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') return { questions, killed: [...killed] };
    const found = await statusOf(handle);
    const working = found?.steps.find(({ state }) => state === 'working');
    if (working) await kill(`${working.name} working`);
    const question = found?.question ?? null;
    if (question === null) {
      await sleep(50);
      continue;
    }
    await kill(`${question.step} waiting`);
    const [verb, choice] = answer(question);
    if (verb === 'approve' && question.kind === 'failure') throw new Error(question.text);
    await handle.executeUpdate<string, [object]>(verb, {
      args: [{ step: question.step, ...(choice === undefined ? {} : { choice }) }],
    });
    questions.push(question);
  }
}
