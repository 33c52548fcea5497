/**
 * The `carbonio` command line: how it is called and how it answers. What it can do is in cli/. A call takes one to
 * three seconds on a real host (start of the Java machine), so it is asked sparingly.
 */
import type { Argument, HostCommand } from './command-line';
import { valueWord } from './cli/words';
import { readAnswer, type Answer } from './parse/answer';
import type { Runner, RunResult } from './runner';

export interface CallOptions {
  /** Another node, or `all_servers`. Default: the node on which it runs. */
  readonly host?: string;
  /** Milliseconds. Default: that of the command line. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export class CarbonioCli {
  constructor(
    private readonly runner: Runner,
    private readonly options: { readonly command: HostCommand; readonly timeoutMs: number },
  ) {}

  /** How long a call may take unless it says so itself, milliseconds. */
  get timeoutMs(): number {
    return this.options.timeoutMs;
  }

  /** Asks for JSON; what does not know it answers text. @throws as {@link readAnswer} and {@link Runner.run} */
  async call(words: readonly Argument[], options: CallOptions = {}): Promise<Answer> {
    return readAnswer(await this.run(['--json'], words, options));
  }

  /** Waits for the end of an operation: the exit status says how it ended. JSON is not asked for beside it (U). */
  async callSync(
    words: readonly Argument[],
    options: CallOptions,
  ): Promise<{ code: number | null; answer: Answer }> {
    const run = await this.run(['--sync'], words, options);
    return { code: run.code, answer: readAnswer(run, true) };
  }

  /** As text, until `enough` has been written; the command is ended then. */
  async watch(
    words: readonly Argument[],
    enough: (stdout: string) => boolean,
    options: CallOptions,
  ): Promise<Answer> {
    const run = await this.run([], words, options, enough);
    return readAnswer(run.cut ? { ...run, code: 0 } : run);
  }

  private run(
    switches: readonly string[],
    words: readonly Argument[],
    { host, timeoutMs = this.options.timeoutMs, signal }: CallOptions,
    enough?: (stdout: string) => boolean,
  ): Promise<RunResult> {
    const to = host === undefined ? [] : ['--host', valueWord('carbonio', 'host', host)];
    const limits = { timeoutMs, signal, ...(enough === undefined ? {} : { enough }) };
    return this.runner.run(this.options.command, [...to, ...switches, ...words], limits);
  }
}
