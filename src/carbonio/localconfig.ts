/**
 * zmlocalconfig, of which there are two products that answer differently (mail-server reference, section 3): the older
 * in Java, with `--reload`, and one in Go. What a call did is never told by its exit status but by the file.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../failures';
import { lockFile } from '../host/file-lock';
import { OneByOne } from '../host/one-by-one';
import type { HostCommand } from './command-line';
import { readLocalValue, type LocalValue } from './localconfig-file';
import { excerpt, oneLine, unknownOutput } from './parse/excerpt';
import type { Runner, RunResult } from './runner';

export interface LocalConfigOptions {
  readonly command: HostCommand;
  /** The file that the tool edits; it is given to it by `-c`. */
  readonly file: string;
  /** Held while it is written, made with its folder if need be, so that two of our writers do not lose each other's change. */
  readonly lockFile: string;
  /** Milliseconds for each call. */
  readonly timeoutMs: number;
  /** How long to wait for the lock. Default 60. */
  readonly waitSeconds?: number;
  /** `ReloadLocalConfigRequest`: the only way beside the Go tool. Null: not configured. */
  readonly reloadBySoap: (() => Promise<void>) | null;
}

export type Product = 'java' | 'go';

export class LocalConfig {
  private readonly writers = new OneByOne();
  private found: Promise<Product> | undefined;

  constructor(
    private readonly runner: Runner,
    private readonly options: LocalConfigOptions,
  ) {}

  /** Which product it is, by how it refuses an option that neither has. Asked once. */
  product(): Promise<Product> {
    this.found ??= this.detect().catch((error: unknown) => {
      this.found = undefined;
      throw error;
    });
    return this.found;
  }

  /**
   * What the file says. Of the running server it says nothing: that has what it read at its last start or reload.
   * @throws Problem `LocalConfigUnusable`; `UnknownOutput` for a value that is empty, or that the tool reads otherwise
   */
  async read(key: string): Promise<LocalValue> {
    checkKey(key);
    const state = await this.readFile(key);
    if (!state.set) return state;
    const run = await this.tool(['-m', 'nokey', key]);
    if (run.code !== 0 || run.stdout.trim() !== state.value.trim()) {
      throw unknownOutput(
        `The value of ${key} (the file and zmlocalconfig differ)`,
        `${run.stdout}${run.stderr}`,
      );
    }
    return state;
  }

  /**
   * Sets a key in the file, and reads it back. The running server needs {@link reload} to see it.
   * @throws Problem `CommandFailed` when the tool refuses, `UnknownOutput` when the file does not hold the value
   * afterwards, `HostBusy` when another writer does not end
   */
  async set(key: string, value: string): Promise<void> {
    checkKey(key);
    if (value.trim() === '' || value !== value.trim()) {
      throw new Problem('InvalidInput', `The value of ${key} is empty, or has spaces around it.`);
    }
    await this.writing(async () => {
      const run = await this.tool(['-e', `${key}=${value}`]);
      if (run.code !== 0) throw refused(run, `to set ${key}`);
      const now = await this.readFile(key);
      if (!now.set || now.value !== value) throw notDone(`${key} is not what it was set to`, run);
    });
  }

  /** Removes a key from the file; one that is not there is left alone. The status of `-u` differs between the products. */
  async unset(key: string): Promise<void> {
    checkKey(key);
    await this.writing(async () => {
      const before = await readLocalValue(this.options.file, key);
      if (!before.set) return;
      const run = await this.tool(['-u', key]);
      const now = await readLocalValue(this.options.file, key);
      if (!now.set) return;
      if (run.code !== 0) throw refused(run, `to unset ${key}`);
      // the Go tool empties some keys instead; what a server makes of an empty value is not known
      throw notDone(`${key} is still there${now.value === '' ? ', empty' : ''}`, run);
    });
  }

  /** Puts a key back to what {@link read} said. */
  async restore(key: string, state: LocalValue): Promise<void> {
    return state.set ? this.set(key, state.value) : this.unset(key);
  }

  /**
   * Lets the running server read the file again. That it did is proved by a probe only.
   * @throws Problem `HostUnavailable` when the server is down: it reads the file when it starts
   */
  async reload(): Promise<void> {
    if ((await this.product()) === 'java') {
      const run = await this.runner.run(this.options.command, ['--reload'], this.options);
      if (run.code === 0) return;
      if (/service is not running/i.test(run.stderr)) {
        throw new Problem(
          'HostUnavailable',
          'The mail server is down, so it cannot read its local configuration.',
        );
      }
      throw refused(run, 'to reload');
    }
    if (this.options.reloadBySoap === null) {
      throw new Problem(
        'InvalidInput',
        'This zmlocalconfig cannot reload: LIFEBOAT_ADMIN_USER and LIFEBOAT_ADMIN_PASSWORD_FILE are needed.',
      );
    }
    await this.options.reloadBySoap();
  }

  private async detect(): Promise<Product> {
    const run = await this.tool(['-Z']);
    const said = `${run.stdout}${run.stderr}`;
    if (run.code === 80 && /unknown flag/i.test(said)) return 'go';
    if (run.code === 1 && /Unrecognized option/i.test(said)) return 'java';
    throw unknownOutput(`The kind of zmlocalconfig (exit status ${run.code})`, said);
  }

  private async readFile(key: string): Promise<LocalValue> {
    const state = await readLocalValue(this.options.file, key);
    if (state.set && state.value === '') throw unknownOutput(`The empty value of ${key}`, '');
    return state;
  }

  private tool(args: readonly string[]): Promise<RunResult> {
    return this.runner.run(this.options.command, ['-c', this.options.file, ...args], this.options);
  }

  private writing(body: () => Promise<void>): Promise<void> {
    const { waitSeconds = 60, lockFile: file } = this.options;
    return this.writers.run(async () => {
      makeFolder(dirname(file));
      const lock = await lockFile(file, waitSeconds);
      if (!lock)
        throw new Problem('HostBusy', `Another process has been writing the local configuration (${file}).`);
      try {
        await body();
      } finally {
        lock.release();
      }
    });
  }
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Problem('StateUnavailable', `${dir} cannot be made (${code}).`, {}, { cause: error });
  }
}

function checkKey(key: string): void {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,200}$/.test(key)) {
    throw new Problem('InvalidInput', 'The name of a key has only letters, digits and _.');
  }
}

function refused({ code, stdout, stderr }: RunResult, what: string): Problem {
  const said = oneLine(stderr) || oneLine(stdout) || 'nothing';
  const root = /running as root/i.test(said)
    ? ' Set LIFEBOAT_CARBONIO_USER to the user of the mail server.'
    : '';
  return new Problem(
    'CommandFailed',
    `zmlocalconfig refuses ${what} (exit status ${code}): ${said}.${root}`,
    {
      code,
    },
  );
}

function notDone(what: string, { stdout, stderr }: RunResult): Problem {
  return new Problem('UnknownOutput', `zmlocalconfig reported no failure, but ${what}.`, {
    output: excerpt(`${stdout}${stderr}`),
  });
}
