/** `lifeboat dr`: starts runbooks, shows what they wait for, and answers them. */
import { readFileSync } from 'node:fs';
import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { GOING_ON } from '../../activities/chain';
import { loadConfig } from '../../config';
import type { RunbookStatus, StepState } from '../../contracts/runbook';
import { printable, shellWord } from '../../report/format';
import { checkInput } from '../check-input';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { readFields } from '../fields';
import { isUnanswered } from '../grpc';
import { namedId } from '../operation-id';
import { findOperation } from '../operations';
import { print, printJson, say } from '../output';
import { onServer, pageOf, type Link } from '../server';
import { startOrAttach } from '../start';
import { taskQueueIsServed } from '../task-queue';
import { WORKFLOWS } from '../workflows';

export interface RunbookOptions {
  json?: boolean;
  stateDir?: string;
}
export interface StartOptions extends RunbookOptions {
  input?: string;
  operationId?: string;
}

const RUNBOOKS = ['disasterRecovery', 'snapshotRecovery', 'sameServerRestore'] as const;
const ANSWER_WITHIN_MS = 10_000;

async function linked<T>(
  { stateDir }: RunbookOptions,
  body: (link: Link, taskQueue: string) => Promise<T>,
): Promise<T> {
  const config = loadConfig(process.env, stateDir === undefined ? {} : { stateDir });
  return onServer(config.stateDir, (link) => body(link, config.taskQueue));
}

export async function start(name: string, fields: string[], options: StartOptions): Promise<number> {
  const type = RUNBOOKS.find((one) => one.toLowerCase() === name.replaceAll('-', '').toLowerCase());
  const known = type === undefined ? undefined : WORKFLOWS.get(type);
  if (type === undefined || known === undefined)
    throw new CommandError('Usage', `There is no runbook "${name}". Known: ${RUNBOOKS.join(', ')}.`);
  const request = { ...readInput(options.input), ...readFields(known.schema, fields) };
  checkInput(
    known.schema,
    request,
    ` \`lifeboat example ${type} --all-fields\` explains them; what has parts comes by --input.`,
  );
  const { host } = loadConfig(process.env);
  const operationId =
    options.operationId ??
    namedId(
      type.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      host,
      request,
    );
  return linked(options, async (link, taskQueue) => {
    const { attached } = await startOrAttach(link.client, operationId, taskQueue, {
      ...{ type, input: request, summary: known.what },
    });
    if (attached) say('It runs already.');
    const page = pageOf(link.place, operationId);
    if (page !== null) say(`Temporal: ${page}`);
    if (!(await taskQueueIsServed(link.client, taskQueue)))
      say(`No worker serves the task queue ${taskQueue}: start one with \`lifeboat worker\`.`);
    if (options.json) printJson({ operationId, attached });
    else {
      print(operationId);
      say(`\`lifeboat dr status ${shellWord(operationId)}\` shows its steps, and what it waits for.`);
    }
    return EXIT.done;
  });
}

/** @throws CommandError `Usage` */
function readInput(file: string | undefined): Record<string, unknown> {
  if (file === undefined) return {};
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    throw new CommandError('Usage', `${file} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
  throw new CommandError('Usage', `${file} must hold one JSON object.`);
}

interface Shown {
  readonly operationId: string;
  readonly type: string;
  readonly state: string;
  /** Null when no worker answers. */
  readonly status: RunbookStatus | null;
}

export async function status(operationId: string | undefined, options: RunbookOptions): Promise<number> {
  return linked(options, async (link) => {
    const shown = operationId === undefined ? await running(link.client) : [await one(link, operationId)];
    if (options.json) printJson(operationId === undefined ? { runbooks: shown } : shown[0]);
    else if (shown.length === 0) print('No runbook runs.');
    else print(shown.map(asText).join('\n\n'));
    return shown.some((found) => found.status?.question) ? EXIT.partial : EXIT.done;
  });
}

async function running(client: Client): Promise<Shown[]> {
  const types = RUNBOOKS.map((type) => `WorkflowType="${type}"`).join(' OR ');
  const found: Shown[] = [];
  for await (const { workflowId, type, status: state } of client.workflow.list({
    query: `(${types}) AND ExecutionStatus="Running"`,
  }))
    found.push({ operationId: workflowId, type, state: state.name, status: await ask(client, workflowId) });
  return found;
}

async function one(link: Link, operationId: string): Promise<Shown> {
  const { type, status: state } = await findRunbook(link, operationId);
  return { operationId, type, state: state.name, status: await ask(link.client, operationId) };
}

async function findRunbook(
  link: Link,
  operationId: string,
): Promise<Awaited<ReturnType<typeof findOperation>>> {
  const found = await findOperation(link, operationId);
  if ((RUNBOOKS as readonly string[]).includes(found.type)) return found;
  throw new CommandError(
    'OperationIsOther',
    `${operationId} is no runbook: its workflow is of the type ${found.type}.`,
  );
}

async function ask(client: Client, operationId: string): Promise<RunbookStatus | null> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      client.workflow.getHandle(operationId).query<RunbookStatus>('status'),
    );
  } catch (error) {
    if (isUnanswered(error)) return null;
    throw error;
  }
}

const MARKS: Readonly<Record<StepState, string>> = {
  ...{ open: '[ ]', working: '[>]', waiting: '[?]' },
  ...{ failed: '[!]', done: '[x]', skipped: '[-]' },
};

function asText({ operationId, type, state, status: found }: Shown): string {
  const head = `${operationId}  ${type}  ${state.toLowerCase()}`;
  if (found === null) return `${head}\n  No worker answers for it: start one with \`lifeboat worker\`.`;
  const { steps, question, files } = found;
  return [
    head,
    ...steps.map(
      ({ title, state: of, text }) => `  ${MARKS[of]} ${title}${text === null ? '' : `: ${text}`}`,
    ),
    ...files.map((file) => `  file: ${file}`),
    ...(question === null
      ? []
      : [
          '',
          `  Waits since ${question.since}: ${question.text.split('\n').join('\n  ')}`,
          ...question.options.map(
            (option, at) =>
              `    - ${option}${question.proposed.includes(option) ? ' (proposed)' : ''}${question.notes?.[at] ? `: ${question.notes[at]}` : ''}`,
          ),
          `  Answer: ${question.command}`,
          ...(question.several ? ['    or with --choose before each option that you want'] : []),
          ...(question.skipCommand ? [`  Go on without it: ${question.skipCommand}`] : []),
        ]),
  ]
    .flatMap((lines) => lines.split('\n'))
    .map(printable)
    .join('\n');
}

export function approve(
  operationId: string,
  step: string,
  { choose, none, ...options }: RunbookOptions & { choose?: string[]; none?: boolean },
): Promise<number> {
  if (choose && none) throw new CommandError('Usage', '--choose and --none exclude each other.');
  const choice = none ? [] : choose;
  return answer('approve', operationId, { step, ...(choice ? { choice } : {}) }, options);
}

export const answerFailure = (
  verb: 'retry' | 'skip',
  operationId: string,
  step: string,
  options: RunbookOptions,
): Promise<number> => answer(verb, operationId, { step }, options);

async function answer(
  verb: string,
  operationId: string,
  input: object,
  options: RunbookOptions,
): Promise<number> {
  return linked(options, async (link, taskQueue) => {
    const { status: state } = await findRunbook(link, operationId);
    if (!GOING_ON.has(state.name))
      throw new CommandError('OperationNotFound', `${operationId} has ended (${state.name.toLowerCase()}).`);
    try {
      const taken = await link.client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
        link.client.workflow.getHandle(operationId).executeUpdate<string, [object]>(verb, { args: [input] }),
      );
      if (options.json) printJson({ operationId, answer: taken });
      else print(printable(taken));
      return EXIT.done;
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)
        throw new CommandError('InvalidInput', error.cause.message, { cause: error });
      if (!(await taskQueueIsServed(link.client, taskQueue)))
        throw new CommandError(
          'NoWorker',
          `No worker serves the task queue ${taskQueue}: start one with \`lifeboat worker\`.`,
          { cause: error },
        );
      throw error;
    }
  });
}
