/** `lifeboat restore`: starts an External Restore, or finds the one that runs, and watches it to its end. */
import { resolve } from 'node:path';
import { loadConfig, type Config } from '../../config';
import { createDisplay } from '../display';
import { openEmbedded, type EmbeddedSession } from '../embedded';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { Interrupts } from '../interrupts';
import { operationIdOf } from '../operation-id';
import { outcomeOf, reportDirOf } from '../outcome';
import { print, printJson, say, shellWord } from '../output';
import { readReport } from '../report-file';
import { restoreInput, type RestoreInput, type RestoreOptions } from '../restore-options';
import { exitCodeOfRestore, jsonOf, runningJson, textOf, type RestoreEnd } from '../restore-result';
import { connectToServer, pageOf, type Link } from '../server';
import { startOrAttach } from '../start';
import { taskQueueIsServed } from '../task-queue';
import { watch } from '../watch';

export interface RestoreCommandOptions extends RestoreOptions {
  embedded?: boolean;
  stateDir?: string;
  json?: boolean;
  detach?: boolean;
  operationId?: string;
}

export async function restore(sourcePath: string, options: RestoreCommandOptions): Promise<number> {
  if (options.embedded && options.detach) {
    throw new CommandError(
      'Usage',
      '--detach cannot be combined with --embedded: the embedded server and its worker end with this command. ' +
        'Leave --detach out, or keep a server running with `lifeboat dev`.',
    );
  }
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const input = restoreInput(sourcePath, options, process.cwd());
  const operationId = options.operationId ?? operationIdOf(input.input, config.defaultTarget);
  if (operationId.trim() === '') throw new CommandError('Usage', '--operation-id must not be empty.');
  const interrupts = new Interrupts();
  const session = options.embedded ? await openEmbedded(config) : null;
  const link = session?.link ?? (await connectToServer(config.stateDir));
  try {
    return await new Restore(config, options, input, operationId, interrupts, session, link).run();
  } finally {
    interrupts.endAtOnceOnNext();
    await (session ?? link).close();
    interrupts.dispose();
  }
}

class Restore {
  constructor(
    private readonly config: Config,
    private readonly options: RestoreCommandOptions,
    private readonly input: RestoreInput,
    private readonly operationId: string,
    private readonly interrupts: Interrupts,
    private readonly session: EmbeddedSession | null,
    private readonly link: Link,
  ) {}

  async run(): Promise<number> {
    const { operationId, link, config } = this;
    const { client } = link;
    const { firstRunId, attached } = await startOrAttach(
      client,
      operationId,
      config.taskQueue,
      this.input.request,
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
      say(`This restore runs already: going on with ${operationId}`);
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
    if (this.options.json) printJson(runningJson(this.operationId, note));
    return EXIT.interrupted;
  }

  private async finish(runId: string): Promise<number> {
    const { operationId } = this;
    const { client, place } = this.link;
    const outcome = await outcomeOf(client, operationId, runId);
    const reportDir =
      outcome.kind === 'done' ? outcome.result.reportDir : await reportDirOf(client, operationId, runId);
    const report = reportDir === null ? null : await readReport(resolve(reportDir));
    const page = pageOf(place, operationId);
    const later = `\`lifeboat dev --state-dir ${shellWord(this.config.stateDir)}\` shows it again`;
    const end: RestoreEnd = {
      operationId,
      outcome,
      reportDir,
      report,
      page: this.session && page !== null ? `${page} (ends with this command; ${later})` : page,
    };
    if (this.options.json) printJson(jsonOf(end));
    else if (outcome.kind === 'failed') say(textOf(end));
    else print(textOf(end));
    return exitCodeOfRestore(end);
  }
}
