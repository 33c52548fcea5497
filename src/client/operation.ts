/** Starts an operation, or finds the one that runs, and watches it to its end. */
import type { Config } from '../config';
import { createDisplay } from './display';
import type { EmbeddedSession } from './embedded';
import { CommandError } from './errors';
import { EXIT } from './exit-codes';
import { Interrupts } from './interrupts';
import { outcomeOf, type Outcome } from './outcome';
import { print, printJson, say } from './output';
import { shellWord } from '../report/format';
import { connectToServer, pageOf, type Link } from './server';
import { startOrAttach, type OperationStart } from './start';
import { taskQueueIsServed } from './task-queue';
import { watch } from './watch';

/** Options that every operation has. */
export interface OperationOptions {
  embedded?: boolean;
  stateDir?: string;
  json?: boolean;
  detach?: boolean;
  operationId?: string;
}

export interface OperationEnd<R> {
  readonly operationId: string;
  readonly runId: string;
  readonly outcome: Outcome<R>;
  /** Where it can be looked at in the web interface, when known. */
  readonly page: string | null;
  readonly link: Link;
}

export interface Operation<R> {
  /** What people call it, such as `restore`. */
  readonly noun: string;
  /** Used when the user names none: the same thing to do has the same id, so that it is found again. */
  readonly derivedId: string;
  readonly start: OperationStart;
  /** For `--json`, when it is left running. */
  left(operationId: string, note: string): object;
  /** Prints the end. @returns the exit code */
  finish(end: OperationEnd<R>): Promise<number>;
}

export async function runOperation<R>(
  config: Config,
  options: OperationOptions,
  operation: Operation<R>,
): Promise<number> {
  if (options.embedded && options.detach) {
    throw new CommandError(
      'Usage',
      '--detach cannot be combined with --embedded: the embedded server and its worker end with this command. ' +
        'Leave --detach out, or keep a server running with `lifeboat dev`.',
    );
  }
  const operationId = options.operationId ?? operation.derivedId;
  if (operationId.trim() === '') throw new CommandError('Usage', '--operation-id must not be empty.');
  const interrupts = new Interrupts();
  // a worker takes long to load, and most commands bring none along
  const session = options.embedded ? await (await import('./embedded.js')).openEmbedded(config) : null;
  const link = session?.link ?? (await connectToServer(config.stateDir));
  try {
    return await new Watching(config, options, operation, operationId, interrupts, session, link).run();
  } finally {
    interrupts.endAtOnceOnNext();
    await (session ?? link).close();
    interrupts.dispose();
  }
}

class Watching<R> {
  constructor(
    private readonly config: Config,
    private readonly options: OperationOptions,
    private readonly operation: Operation<R>,
    private readonly operationId: string,
    private readonly interrupts: Interrupts,
    private readonly session: EmbeddedSession | null,
    private readonly link: Link,
  ) {}

  async run(): Promise<number> {
    const { operationId, link, config } = this;
    const { firstRunId, attached } = await startOrAttach(
      link.client,
      operationId,
      config.taskQueue,
      this.operation.start,
    );
    this.introduce(attached);
    if (this.options.detach) return this.detach();
    const display = createDisplay(process.stderr.isTTY);
    const end = await watch({
      link,
      operationId,
      firstRunId,
      taskQueue: config.taskQueue,
      display,
      interrupts: this.interrupts,
      expectAlive: this.session ? () => this.session?.expectAlive() : null,
      terminal: process.stdin.isTTY && process.stderr.isTTY,
    }).finally(() => display.clear());
    return end.kind === 'left' ? this.leave() : this.finish(end.runId);
  }

  private introduce(attached: boolean): void {
    const { operationId } = this;
    if (!attached) say(`Operation ${operationId}`);
    else if (this.options.operationId === undefined)
      say(`This ${this.operation.noun} runs already: going on with ${operationId}`);
    else
      say(
        `Operation ${operationId} runs already: going on with it; the other options of this command are not used`,
      );
    const page = pageOf(this.link.place, operationId);
    if (page !== null) say(`Temporal: ${page}`);
  }

  private async detach(): Promise<number> {
    if (this.options.json) printJson({ operationId: this.operationId });
    else print(this.operationId);
    const { taskQueue } = this.config;
    if (!(await taskQueueIsServed(this.link.client, taskQueue))) {
      say(`No worker serves the task queue ${taskQueue}: start one with \`lifeboat worker\`.`);
    }
    return EXIT.done;
  }

  private leave(): number {
    const { stateDir } = this.options;
    const where = stateDir === undefined ? '' : ` --state-dir ${shellWord(stateDir)}`;
    const note = this.session
      ? 'Stopped here, not cancelled: run the same command again to go on with it.'
      : `Left running: run the same command again to watch it, or \`lifeboat cancel ${shellWord(this.operationId)}${where}\` to cancel it.`;
    say(note);
    if (this.options.json) printJson(this.operation.left(this.operationId, note));
    return EXIT.interrupted;
  }

  private async finish(runId: string): Promise<number> {
    const { operationId, link } = this;
    const outcome = await outcomeOf<R>(link.client, operationId, runId);
    const page = pageOf(link.place, operationId);
    const later = `\`lifeboat dev --state-dir ${shellWord(this.config.stateDir)}\` shows it again`;
    return this.operation.finish({
      operationId,
      runId,
      outcome,
      page: this.session && page !== null ? `${page} (ends with this command; ${later})` : page,
      link,
    });
  }
}
