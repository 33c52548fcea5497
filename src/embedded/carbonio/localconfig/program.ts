/**
 * `zmlocalconfig`, in the two forms in which hosts have it. What it prints and its exit codes were observed on the real
 * ones; every row of the table is a test. It edits the file itself; only `--reload` speaks to the server.
 */
import { randomBytes } from 'node:crypto';
import { changeAsGo, readValues, saveAsJava, toXml, type Values } from './file';
import { GO_DEFAULTS, isPassword, JAVA_DEFAULTS, PROTECTED } from './keys';
import { BadOption, parseOptions, type Options } from './options';

export interface Environment {
  readonly variant: 'java' | 'go';
  /** Used without -c. */
  readonly file: string;
  readonly asRoot: boolean;
  /** Null when it worked, else why not. */
  reload(): Promise<string | null>;
}

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

const HELP = `usage: zmlocalconfig [options] [args]   (stand-in for tests and demonstrations)
  -c FILE -p -e -r -d -n -x -s -f -m plain|xml|shell|export|nokey -q -u; Java only: -i -l/--reload -h; Go only: -k
Options, messages and exit codes are those of the real programs; which keys are compiled in is synthetic, but for
the two of the LMTP validator.
`;

class Failed extends Error {}

export async function zmlocalconfig(argv: readonly string[], env: Environment): Promise<Output> {
  const output: Output = { code: 0, stdout: '', stderr: '' };
  let quiet = argv.includes('-q') || argv.includes('--quiet');
  try {
    const options = parseOptions(argv, env.variant);
    quiet = options.quiet;
    await new Program(options, env, output).run();
  } catch (error) {
    if (error instanceof BadOption) badOption(error.message, env.variant, output);
    else {
      output.code = 1;
      output.stderr += `Error: ${(error as Error).message}\n`;
      // the Java program hides its errors too: a failure then shows as exit code only
      if (quiet && env.variant === 'java') output.stderr = '';
    }
  }
  return output;
}

function badOption(word: string, variant: 'java' | 'go', output: Output): void {
  output.code = variant === 'java' ? 1 : 80;
  output.stderr +=
    variant === 'java'
      ? `Error: Failed to parse command line: org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: ${word}\n`
      : `configd: error: unknown flag ${word}, did you mean one of "-c", "-p", "-e"?\n`;
}

class Program {
  private readonly java: boolean;
  private readonly file: string;
  private readonly defaults: ReadonlyMap<string, string>;

  constructor(
    private readonly options: Options,
    private readonly env: Environment,
    private readonly output: Output,
  ) {
    this.java = env.variant === 'java';
    this.file = options.file ?? env.file;
    this.defaults = this.java ? JAVA_DEFAULTS : GO_DEFAULTS;
  }

  async run(): Promise<void> {
    const { options } = this;
    if (options.help) this.output.stdout += HELP;
    else if (options.path) this.output.stdout += `${this.file}\n`;
    else if (options.reload) await this.reload();
    else if (options.edit) await this.edit();
    else if (options.unset) await this.unset();
    else this.print();
  }

  private async reload(): Promise<void> {
    const why = await this.env.reload();
    if (why !== null) throw new Failed(why);
  }

  private refuseRoot(option: string): void {
    if (this.java && this.env.asRoot) throw new Failed(`cannot use ${option} when running as root`);
  }

  private refuseProtected(key: string): void {
    if (PROTECTED.has(key) && !this.options.force) throw new Failed(`can not edit key ${key}`);
  }

  private async change(change: (values: Values) => void): Promise<void> {
    if (!this.java) return changeAsGo(this.file, change);
    const values = readValues(this.file);
    change(values);
    saveAsJava(this.file, values);
  }

  private async edit(): Promise<void> {
    this.refuseRoot('-e');
    if (this.options.args.length === 0) throw new Failed('insufficient arguments');
    const pairs = this.options.args.map((argument) => this.pair(argument));
    await this.change((values) => pairs.forEach(([key, value]) => values.set(key, value)));
  }

  private pair(argument: string): [string, string] {
    if (this.options.random) {
      this.refuseProtected(argument);
      return [argument, randomBytes(12).toString('hex')];
    }
    const equals = argument.indexOf('=');
    if (equals < 1) {
      const quote = this.java ? "'" : '"';
      throw new Failed(`argument ${quote}${argument}${quote} not in key=value form`);
    }
    const key = argument.slice(0, equals);
    this.refuseProtected(key);
    return [key, argument.slice(equals + 1)];
  }

  /** Removes the entry, despite the help text of the Java program. */
  private async unset(): Promise<void> {
    this.refuseRoot('-u');
    if (this.options.args.length === 0) throw new Failed('insufficient arguments');
    for (const key of this.options.args) {
      this.refuseProtected(key);
      const isSet = readValues(this.file).has(key);
      // Java: a key that it knows is unset without a word; Go does not know the default
      if (!isSet && !(this.java && this.defaults.has(key))) throw new Failed(`key ${key} is not set`);
      if (!isSet) continue;
      const emptied = !this.java && this.defaults.has(key);
      await this.change((values) => void (emptied ? values.set(key, '') : values.delete(key)));
    }
  }

  private print(): void {
    const set = readValues(this.file);
    const wanted = this.options.args.length > 0 ? this.options.args : this.keys(set);
    const found: [string, string][] = [];
    for (const key of wanted) {
      const value = this.options.defaults ? this.defaults.get(key) : (set.get(key) ?? this.defaults.get(key));
      if (value !== undefined) found.push([key, this.shown(key, value)]);
      else if (!this.options.quiet)
        this.output.stderr += this.java
          ? `Warning: null valued key '${key}'\n`
          : `Warning: key "${key}" not found\n`;
    }
    this.output.stdout += this.formatted(found);
  }

  private keys(set: Values): string[] {
    if (this.options.changed) return [...set.keys()].sort();
    if (this.options.defaults || this.options.info) return [...this.defaults.keys()].sort();
    return [...new Set([...this.defaults.keys(), ...set.keys()])].sort();
  }

  private shown(key: string, value: string): string {
    if (!isPassword(key) || this.options.show) return value;
    return this.java ? '*' : '**********';
  }

  private formatted(found: readonly [string, string][]): string {
    const line: Record<string, (key: string, value: string) => string> = {
      plain: (key, value) => `${key} = ${value}\n`,
      nokey: (_key, value) => `${value}\n`,
      shell: (key, value) => `${key}='${value}';\n`,
      export: (key, value) => `export ${key}='${value}';\n`,
    };
    const { format } = this.options;
    if (format === 'xml') return toXml(found).replace(/^<\?xml.*\n\n/, '');
    const form = line[format];
    if (form === undefined) throw new Failed(`unrecognized format: ${format}`);
    return found.map(([key, value]) => form(key, value)).join('');
  }
}
