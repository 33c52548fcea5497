/** The frame of `carbonio`: switches, module, command, output, exit codes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Defect } from '../../../backup-path/defect';
import { Problem } from '../../../failures';
import type { Host } from '../host';
import { RESULTS, type Operation } from '../operations/model';
import { Refusal } from '../refusal';
import { COMMANDS } from './all';
import { helpOf, moduleHelp } from './help-page';
import { readValues, Usage, type Answer, type Call, type Command } from './spec';
import { block, tree } from './text';

export interface Caller {
  readonly argv: readonly string[];
  readonly uid: number;
  readonly cwd: string;
  readonly gone: AbortSignal;
  out(text: string): void;
  err(text: string): void;
}

interface Switches {
  host: string | null;
  json: boolean;
  progress: boolean;
  sync: boolean;
}

const FAILED = 1;
/** How often `monitor` looks. */
const MONITOR_EVERY_MS = 200;

/** @returns the exit code. That of a plain call: synthetic, 0 or 1. */
export async function carbonio(host: Host, caller: Caller): Promise<number> {
  const { zextrasUid } = host.settings;
  if (zextrasUid === null ? caller.uid === 0 : caller.uid !== zextrasUid) {
    caller.err('carbonio must be run as user zextras\n');
    return FAILED;
  }
  const { switches, words } = readSwitches(caller.argv);
  // `prov -l`, straight from the directory: the same here
  if (words[0] === 'prov' && words[1] === '-l') words.splice(1, 1);
  const [module = '', name = '', ...rest] = words;
  const command = COMMANDS.find((one) => isNamed(one, module, name));
  if (command === undefined) {
    caller.out(moduleHelp(module, name));
    return FAILED;
  }
  const said = `${command.module} ${command.name}`;
  await host.faults.late(said);
  let printed = '';
  const garble = host.faults.ofCommand('garble', said);
  const print = (text: string): void => {
    if (garble === null) caller.out(text);
    else printed += text;
  };
  const code = await new Run(host, caller, switches, command, print).run(rest);
  if (garble !== null) caller.out(garble.text ?? printed.slice(0, Math.floor(printed.length / 2)));
  return host.faults.ofCommand('exit', said)?.code ?? code;
}

const isNamed = (one: Command, module: string, name: string): boolean =>
  one.module === module.toLowerCase() && one.name.toLowerCase() === name.toLowerCase();

function readSwitches(argv: readonly string[]): { switches: Switches; words: string[] } {
  const switches: Switches = { host: null, json: false, progress: false, sync: false };
  const words = [...argv];
  while (words[0]?.startsWith('--')) {
    const word = words.shift();
    if (word === '--host') switches.host = words.shift() ?? '';
    else if (word === '--json') switches.json = true;
    else if (word === '--progress') switches.progress = true;
    else if (word === '--sync') switches.sync = true;
    else return { switches, words: [] };
  }
  return { switches, words };
}

class Run {
  constructor(
    private readonly host: Host,
    private readonly caller: Caller,
    private readonly switches: Switches,
    private readonly command: Command,
    private readonly print: (text: string) => void,
  ) {}

  async run(words: readonly string[]): Promise<number> {
    try {
      this.requireHost();
      this.requireModule();
      const { cwd, gone } = this.caller;
      const values = readValues(this.command, words);
      const { json } = this.switches;
      const call: Call = { host: this.host, values, words, cwd, json, gone, print: this.print };
      return await this.answer(await this.command.run(call));
    } catch (error) {
      if (error instanceof Usage) {
        this.print(`${error.message}\n\n${helpOf(this.command)}`);
        return FAILED;
      }
      if (![Refusal, Problem, Defect].some((kind) => error instanceof kind)) throw error;
      this.fail((error as Error).message);
      return FAILED;
    }
  }

  private requireHost(): void {
    const { host } = this.switches;
    const known = [null, 'all_servers', this.host.settings.host, '127.0.0.1', 'localhost'];
    if (!known.includes(host)) throw new Refusal(`no such server: ${host}`);
  }

  private requireModule(): void {
    const { module, name } = this.command;
    if (module !== 'backup' || /services?$/i.test(name) || this.host.services.isRunning('module')) return;
    throw new Refusal('the backup module is not running');
  }

  private async answer({ response, text, operation }: Answer): Promise<number> {
    const { json, sync, progress } = this.switches;
    this.say(response, text);
    if (operation !== undefined && progress) await this.follow(operation.id);
    const ended = operation !== undefined && sync ? await this.host.queue.waitFor(operation.id) : undefined;
    if (operation === undefined || !sync) return 0;
    if (!json && ended) this.print(`operation ${ended.state.toLowerCase()}\n`);
    // an operation that vanished has no result: nothing is known of that, so it is a failure here
    return ended === undefined ? FAILED : RESULTS.indexOf(ended.state as (typeof RESULTS)[number]);
  }

  private say(response: unknown, text: string | undefined): void {
    const all = this.switches.host === 'all_servers';
    const { host } = this.host.settings;
    if (this.switches.json) {
      const body = all
        ? { response: { [host]: { response, ok: true } }, nested: true, ok: true }
        : { response, ok: true };
      this.print(`${JSON.stringify(body)}\n`);
    } else this.print((all ? `${host}\n` : '') + (text ?? tree(response)));
  }

  private fail(message: string): void {
    const error = { ok: false, error: { message } };
    const { host } = this.host.settings;
    if (!this.switches.json) this.print(`${message}\n`);
    else if (this.switches.host === 'all_servers')
      this.print(`${JSON.stringify({ response: { [host]: error }, nested: true, ok: false })}\n`);
    else this.print(`${JSON.stringify(error)}\n`);
  }

  private follow(id: string): Promise<void> {
    return monitor(this.host, id, this.caller.gone, this.print);
  }
}

/** Prints blocks until the operation has ended, or the caller went away. */
export async function monitor(
  host: Host,
  id: string,
  gone: AbortSignal,
  print: (text: string) => void,
): Promise<void> {
  for (;;) {
    const operation: Operation | undefined = host.queue.find(id);
    if (operation === undefined || gone.aborted) return;
    print(block(operation.stats));
    if (operation.endTime !== null) return;
    await Promise.race([
      host.queue.waitFor(id),
      sleep(MONITOR_EVERY_MS, undefined, { signal: gone }).catch(() => undefined),
    ]);
  }
}
