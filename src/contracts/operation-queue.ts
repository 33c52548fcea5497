/** Input, messages and answers of the workflow `operationQueue`: one operation at a time on a mail host, in order. */
import { z } from 'zod';

const id = z.string().min(1).max(1000);

/** An operation: a workflow that a person started, and the first run of its chain, to tell it from a later one of its id. */
export const turnOwner = z.object({ operationId: id, firstRunId: z.string() });
export type TurnOwner = z.output<typeof turnOwner>;

export const isSameChain = (a: TurnOwner, b: TurnOwner): boolean =>
  a.operationId === b.operationId && a.firstRunId === b.firstRunId;

/** The place in the line: the server's time, epoch milliseconds, and a number for what was asked in the same moment. */
const ticket = z.object({ at: z.number(), seq: z.number() });
export type Ticket = z.output<typeof ticket>;

export const turnRequest = turnOwner.extend({
  kind: z.string().min(1).max(200),
  startedBy: z.string().max(500),
  /** Given before by a queue that was lost; its place in the line is kept. */
  ticket: ticket.optional(),
  /** How long the one that asks may take to notice that a queue is lost, seconds. */
  pollSeconds: z.number().min(0).max(86_400),
});
export type TurnRequest = z.output<typeof turnRequest>;

/** Where an operation stands in the line. */
export interface TurnPlace {
  readonly state: 'running' | 'queued';
  readonly ticket: Ticket;
  /** 0 while it has the turn; 1 is next. */
  readonly position: number;
  /** How many wait, itself included. */
  readonly queued: number;
  /** What has the turn, or what else keeps the next one waiting; null when nothing does. */
  readonly waitsFor: string | null;
}

const stop = z.object({
  /** When to look (again) why it has not ended. */
  lookAt: z.number(),
  /** Why it has not ended, once that has taken too long. */
  cause: z.string().nullable(),
});
/** Written by ourselves: what is not as it should be must not end the queue. */
const entry = turnOwner.extend({
  kind: z.string(),
  startedBy: z.string(),
  pollSeconds: z.number(),
  ticket,
  startedAt: z.number().nullable(),
  stop: stop.nullable(),
});
export type QueueEntry = z.output<typeof entry>;

const carried = z.object({
  holder: entry.nullable(),
  waiting: z.array(entry),
  lastTicket: ticket,
  collectUntil: z.number(),
  /** Gave their turn back, and may stand on the host's record still. */
  left: z.array(turnOwner).optional(),
});
/** What a run of the queue hands to the next one when it continues as new. */
export type QueueCarry = z.output<typeof carried>;

export const operationQueueInput = z.strictObject({
  host: id.describe('Name of the mail host (LIFEBOAT_HOST of its worker). Example: "mail.example.com"'),
  stopTimeoutSeconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(300)
    .describe('After how long a stop that was not honoured shows its cause, seconds. Default: 300'),
  continueAsNewAfterEvents: z
    .int()
    .min(20)
    .nullable()
    .default(null)
    .describe('Continue as new after this many history events. Default: null (when the server suggests it)'),
  collectSeconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(0)
    .describe('Internal: how long to wait for the operations of a queue that was lost before the first turn'),
  carry: carried.optional().describe('Internal: what a run hands to the next one. Leave it out.'),
});
export type OperationQueueInput = z.output<typeof operationQueueInput>;
export type OperationQueueRequest = z.input<typeof operationQueueInput>;

export const operationQueueExample: OperationQueueRequest = { host: 'mail.example.com' };

/** Workflow id of the queue of a host, and name of the task queue that its worker serves for it. */
export const queueIdOf = (host: string): string => `operation-queue/${host}`;

/** One line of `getAllOperations`. */
export interface ListedOperation {
  readonly id: string;
  /** Tells it from a later operation of the same id. */
  readonly firstRunId: string;
  readonly kind: string;
  readonly state: 'running' | 'stopping' | 'queued';
  /** 0 for the one that has the turn; 1 is next. */
  readonly position: number;
  readonly queuedAt: string;
  /** Null while it waits. */
  readonly startedAt: string | null;
  readonly startedBy: string;
  /** Why a stop is not honoured; absent while there is nothing to say. */
  readonly cause?: string;
}
export interface AllOperations {
  /** The one that has the turn first, then those that wait, in order. */
  readonly operations: readonly ListedOperation[];
}

export const stopRequest = z.strictObject({
  operationId: id.describe('As `getAllOperations` lists it. Example: "external-restore/old-1a2b3c4d5e6f"'),
  force: z
    .boolean()
    .default(false)
    .describe(
      'Terminate it: it writes no report. For one that does not end when it is asked to. Default: false',
    ),
});
export type StopRequest = z.input<typeof stopRequest>;
export const stopAllRequest = stopRequest.pick({ force: true });
export type StopAllRequest = z.input<typeof stopAllRequest>;
export interface StopAnswer {
  readonly stopping: readonly string[];
}

/** What an operation keeps of its turn when it continues as new. */
export const turnCarry = z.object({ ticket, held: z.boolean() });
export type TurnCarry = z.output<typeof turnCarry>;
