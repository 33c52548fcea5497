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

/** Answers a question, as a person does. */
export const answer = (
  handle: WorkflowHandle,
  verb: 'approve' | 'retry' | 'skip',
  step: string,
  choice?: readonly string[],
): Promise<string> =>
  handle.executeUpdate<string, [object]>(verb, {
    args: [{ step, ...(choice === undefined ? {} : { choice }) }],
  });

/** Until a step is at work, which nobody is asked about. */
export async function untilWorks(handle: WorkflowHandle, step: string): Promise<void> {
  for (;;) {
    const status = await statusOf(handle);
    if (status?.question) throw new Error(`It waits for an answer: ${status.question.text}`);
    const found = status?.steps.find(({ name }) => name === step);
    if (found?.state === 'working') return;
    if (found !== undefined && found.state !== 'open')
      throw new Error(`${step} is ${found.state}: ${found.text}`);
    await sleep(50);
  }
}

/** Path, scanner and schedules of SmartScan and purge, as the host tells them. */
export function settingsOf(bench: EngineBench): Promise<string[]> {
  const server = bench.up.settings.host;
  const names = [
    ...['ZxBackup_DestPath', 'ZxBackup_RealTimeScanner'],
    ...['backupSmartScanScheduler', 'backupPurgeScheduler'],
  ];
  return Promise.all(
    names.map(async (name) => (await bench.carbonio('config', 'get', 'server', server, name)).stdout),
  );
}

/** How the stand-in is asked, in tests: often, and not for long. */
export const QUICK = { pollSeconds: 0.3, settleSeconds: 8, graceSeconds: 2 };
/** The same for what a runbook does itself; a killed worker is found out sooner. */
export const ADVANCED = { ...QUICK, heartbeatSeconds: 3 };

/** A worker that is killed in the middle of a workflow task is waited for so long. Option of a start. */
const HASTY = { workflowTaskTimeout: '5 seconds' } as const;

export const beginRunbook = (
  { client, taskQueue }: EngineBench,
  type: 'disasterRecovery' | 'snapshotRecovery' | 'sameServerRestore',
  request: object,
): Promise<WorkflowHandle> =>
  client.workflow.start(type, {
    workflowId: `${type}-${Math.random().toString(36).slice(2)}`,
    taskQueue,
    ...HASTY,
    args: [{ advanced: ADVANCED, ...request }],
  });

/** What it waits for now; fails when it has ended. */
export async function untilAsked(handle: WorkflowHandle, step?: string): Promise<Question> {
  for (;;) {
    const question = (await statusOf(handle))?.question ?? null;
    if (question !== null) {
      if (step === undefined || question.step === step) return question;
      throw new Error(`It waits for an answer to ${question.step}, not ${step}: ${question.text}`);
    }
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') throw new Error(`The runbook has ended: ${status.name}.`);
    await sleep(100);
  }
}

/**
 * Answers every question as `say` says, until the runbook ends. The worker is killed once in each state of `kills`, such
 * as `source waiting` and `restore working`; a worker takes seconds to start, so not in all of them.
 */
export async function play(
  bench: EngineBench,
  handle: WorkflowHandle,
  say: (question: Question) => readonly ['approve', Approval['choice']?] | readonly ['retry' | 'skip'],
  kills: readonly `${string} ${'working' | 'waiting'}`[],
): Promise<Played> {
  const questions: Question[] = [];
  const killed = new Set<string>();
  const kill = async (where: string): Promise<void> => {
    if (killed.has(where) || !(kills as readonly string[]).includes(where)) return;
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
    const [verb, choice] = say(question);
    if (verb === 'approve' && question.kind === 'failure') throw new Error(question.text);
    await answer(handle, verb, question.step, choice);
    questions.push(question);
  }
}
