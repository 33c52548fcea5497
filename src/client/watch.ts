/** Watches an operation until it ends or the user lets go of it. */
import type { Client } from '@temporalio/client';
import { GOING_ON } from '../activities/chain';
import { ask } from './ask';
import type { Display } from './display';
import { CommandError } from './errors';
import { isPassing } from './grpc';
import type { Interrupt, Interrupts } from './interrupts';
import type { Link } from './server';
import { queryStatus, snapshotOf } from './snapshot';
import { taskQueueIsServed } from './task-queue';

export interface Watched {
  readonly link: Link;
  readonly operationId: string;
  /** First run of the chain, to tell it from a later operation of the same id. */
  readonly firstRunId: string;
  readonly taskQueue: string;
  readonly display: Display;
  readonly interrupts: Interrupts;
  /** Null when the server is somebody else's. Throws when server or worker of this process have ended. */
  readonly expectAlive: (() => void) | null;
  /** Whether a person can be asked. */
  readonly terminal: boolean;
}

/** `runId`: of the run that ended. */
export type WatchEnd = { readonly kind: 'ended'; readonly runId: string } | { readonly kind: 'left' };

const FIRST_LOOK_MS = 150;
const LOOK_EVERY_MS = 1000;
const ANSWER_WITHIN_MS = 4000;
/** After a query that no worker answered. */
const ASK_AGAIN_MS = 5000;
/** A server that is away for longer is not waited for: a script must not hang. */
const PATIENCE_MS = 120_000;

export async function watch(watched: Watched): Promise<WatchEnd> {
  const look = new Look(watched);
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.5, LOOK_EVERY_MS)) {
    watched.expectAlive?.();
    const endedRun = await look.once();
    if (endedRun !== null) return { kind: 'ended', runId: endedRun };
    const signal = await watched.interrupts.next(pause);
    if (signal !== null && (await decide(watched, signal)) === 'left') return { kind: 'left' };
  }
}

async function decide(watched: Watched, signal: Interrupt): Promise<'left' | 'watching'> {
  const { terminal, display, interrupts, link, operationId, firstRunId, expectAlive } = watched;
  if (signal !== 'SIGINT' || !terminal) return 'left';
  display.clear();
  const answer = await ask(expectAlive !== null, interrupts);
  if (answer === 'leave') return 'left';
  if (answer === 'cancel') {
    const handle = link.client.workflow.getHandle(operationId, undefined, {
      firstExecutionRunId: firstRunId,
    });
    await handle.cancel().catch((error: unknown) => {
      // it has ended while the question stood; the next look finds that out
      if ((error as Error).name !== 'WorkflowNotFoundError') throw error;
    });
    display.note('Cancelling: running steps end at their next item, then the report is written.');
  }
  return 'watching';
}

class Look {
  private lastRunId: string;
  private answeredAt = performance.now();
  private readonly startedAt = performance.now();
  private queryAfter = 0;
  private saidAway = false;
  private looksForWorker = true;

  constructor(private readonly watched: Watched) {
    this.lastRunId = watched.firstRunId;
  }

  /** The run that ended, or null while it goes on. */
  async once(): Promise<string | null> {
    const { link, display } = this.watched;
    try {
      const ended = await link.client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
        this.describe(link.client),
      );
      this.answeredAt = performance.now();
      this.saidAway = false;
      return ended;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.serverIsAway(display, error);
      return null;
    }
  }

  private async describe(client: Client): Promise<string | null> {
    const { operationId, firstRunId, display } = this.watched;
    const [description, status] = await Promise.all([
      client.workflow.getHandle(operationId).describe(),
      this.status(client),
    ]);
    const chain = description.raw.workflowExecutionInfo?.firstRunId;
    // ours has ended and another one was started under its id
    if (chain && chain !== firstRunId) return this.lastRunId;
    this.lastRunId = description.runId;
    if (!GOING_ON.has(description.status.name)) return description.runId;
    const snapshot = await snapshotOf(client, description, status);
    if (snapshot.answered || snapshot.done > 0) this.looksForWorker = false;
    await this.missWorker(client);
    display.show(snapshot);
    return null;
  }

  private async status(client: Client): Promise<Awaited<ReturnType<typeof queryStatus>>> {
    if (performance.now() < this.queryAfter) return undefined;
    const status = await queryStatus(client, this.watched.operationId);
    if (!status) this.queryAfter = performance.now() + ASK_AGAIN_MS;
    return status;
  }

  /** Once, when nothing has happened for some seconds. */
  private async missWorker(client: Client): Promise<void> {
    if (!this.looksForWorker || performance.now() - this.startedAt < ASK_AGAIN_MS) return;
    this.looksForWorker = false;
    const { taskQueue, display } = this.watched;
    if (await taskQueueIsServed(client, taskQueue)) return;
    display.note(`No worker serves the task queue ${taskQueue}: start one with \`lifeboat worker\`.`);
  }

  private serverIsAway(display: Display, cause: unknown): void {
    const { link, operationId } = this.watched;
    const { address } = link.place;
    if (performance.now() - this.answeredAt > PATIENCE_MS) {
      throw new CommandError(
        'ServerUnreachable',
        `The Temporal server at ${address} has not answered for ${PATIENCE_MS / 1000} s. Nothing is lost: the operation ` +
          `${operationId} goes on when the server and a worker are back; run the same command to watch it.`,
        { cause },
      );
    }
    if (!this.saidAway) display.note(`waiting: the Temporal server at ${address} does not answer`);
    this.saidAway = true;
  }
}
