/** What can be said to the operation queue, and how it shows itself. */
import {
  ApplicationFailure,
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { z } from 'zod';
import { parseInput } from '../contracts/input';
import {
  stopAllRequest,
  stopRequest,
  turnOwner,
  turnRequest,
  type AllOperations,
  type ListedOperation,
  type StopAllRequest,
  type StopAnswer,
  type StopRequest,
  type Ticket,
  type TurnOwner,
  type TurnPlace,
  type TurnRequest,
} from '../contracts/operation-queue';
import type { QueueState } from './queue-state';

const BETWEEN_US = 'Between operations and their queue; not for people.';

export const MESSAGES = {
  requestTurn: {
    update: defineUpdate<TurnPlace, [TurnRequest]>('requestTurn'),
    description: BETWEEN_US,
  },
  turnEnded: { signal: defineSignal<[TurnOwner]>('turnEnded'), description: BETWEEN_US },
  turnPlace: { query: defineQuery<TurnPlace | null, [TurnOwner]>('turnPlace'), description: BETWEEN_US },
  getAllOperations: {
    query: defineQuery<AllOperations>('getAllOperations'),
    description: 'What has the turn and what waits for it, in order. No input.',
  },
  doStopOperation: {
    update: defineUpdate<StopAnswer, [StopRequest]>('doStopOperation'),
    description:
      'Asks an operation to end: a running one at its next item, with a report; a queued one at once. With "force" it is ' +
      'terminated. Example: {"operationId":"external-restore/old-1a2b3c4d5e6f"}',
  },
  doStopAllOperations: {
    update: defineUpdate<StopAnswer, [StopAllRequest | null | undefined]>('doStopAllOperations'),
    description: 'Asks every operation to end, those that wait first. Example: {} or {"force":true}',
  },
} as const;

/** From the queue to the operation that has the turn now. */
export const turnGrantedSignal = defineSignal<[Ticket]>('turnGranted');

export function checkOwner(raw: unknown): TurnOwner {
  return parseInput(turnOwner, raw, { operationId: 'x', firstRunId: '0' });
}

/** Validators of updates are synchronous: what they throw is the answer, and leaves no trace in the history. */
export function checkTurnRequest(state: QueueState, raw: unknown): void {
  const request = parseInput(turnRequest, raw, {
    operationId: 'x',
    firstRunId: '0',
    kind: 'External Restore',
    startedBy: '',
    pollSeconds: 30,
  });
  if (state.isFull() && state.place(request) === null) {
    throw ApplicationFailure.create({
      type: 'QueueFull',
      message: `${state.list().operations.length} operations wait already.`,
    });
  }
}

export function checkStop(state: QueueState, raw: unknown): void {
  const { operationId } = parseInput(stopRequest, raw, {
    operationId: 'external-restore/old-1a2b3c4d5e6f',
  });
  const ids = state.ids();
  if (ids.includes(operationId)) return;
  const there = ids.length === 0 ? 'There are none.' : `There are: ${shortList(ids)}.`;
  throw ApplicationFailure.nonRetryable(
    `No operation ${operationId} runs or waits on this host. ${there}`,
    'OperationNotFound',
  );
}

export function checkStopAll(raw: z.input<typeof stopAllRequest> | undefined | null): void {
  // the web interface sends nothing for an empty input
  if (raw !== undefined && raw !== null) parseInput(stopAllRequest, raw, {});
}

const SHOWN = 20;
const shortList = (ids: readonly string[]): string =>
  ids.slice(0, SHOWN).join(', ') + (ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '');

/** The page of the Temporal UI: a list, for a table would not fit into its column. */
export function showQueue(host: string, state: QueueState): void {
  const { operations } = state.list();
  const more = operations.length - SHOWN;
  const lines = [
    `**Operations on ${host}**: one at a time, in the order in which they were started.`,
    '',
    ...(operations.length === 0 ? ['None.'] : operations.slice(0, SHOWN).map(listed)),
    ...(more > 0 ? [`- and ${more} more: query \`getAllOperations\``] : []),
    ...(state.blockedBy === null ? [] : ['', `The next one waits: ${inline(state.blockedBy)}`]),
    '',
    HINT,
  ];
  setCurrentDetails(lines.join('\n'));
}

function listed(one: ListedOperation): string {
  const { position, id, kind, state, cause, queuedAt, startedAt, startedBy } = one;
  const since = startedAt === null ? `queued ${time(queuedAt)}` : `started ${time(startedAt)}`;
  const why = cause ? `: ${inline(cause)}` : '';
  const place = position === 0 ? '' : `${position}. `;
  const by = startedBy === '' ? '' : `, by ${inline(startedBy)}`;
  return `- ${place}**${state}**${why} ${inline(id)}, ${kind}, ${since}${by}`;
}

/** Ids and names come from anybody; as code they are shown as they are. */
const inline = (text: string): string => `\`${text.replace(/[`\p{Cc}]/gu, ' ')}\``;

const HINT =
  'Stop one with the update `doStopOperation` and `{"operationId":"…"}`, all with `doStopAllOperations`. Never terminate this workflow: nothing ' +
  'would be lost, but every operation would have to register again.';

const time = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;
