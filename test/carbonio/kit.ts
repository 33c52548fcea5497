/** Real programs and folders for the tests of the host library. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CarbonioCli } from '../../src/carbonio/cli';
import { parseCommand, type HostCommand } from '../../src/carbonio/command-line';
import { Runner, type HostLog } from '../../src/carbonio/runner';
import { Problem } from '../../src/failures';

const folders: string[] = [];

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'lifeboat-carbonio-'));
  chmodSync(dir, 0o755);
  folders.push(dir);
  return dir;
}

afterAll(() => folders.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** A command that runs this JavaScript; its arguments are in `args`. */
export function script(body: string): HostCommand {
  const file = join(folder(), 'command.js');
  writeFileSync(file, `const args = process.argv.slice(2); const fs = require('node:fs');\n${body}\n`);
  return parseCommand(`${process.execPath} ${file}`);
}

export interface LogLine {
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export function keepingLog(): HostLog & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (fields: object, message: string) =>
    void lines.push({ fields: fields as Record<string, unknown>, message });
  return { lines, debug: write, warn: write };
}

export function runner(options: { graceMs?: number; user?: string; log?: HostLog } = {}): Runner {
  return new Runner({ log: keepingLog(), user: '', graceMs: 300, ...options });
}

/** The command line whose command prints this, or runs this JavaScript. */
export const cliThat = (body: string): CarbonioCli =>
  new CarbonioCli(runner(), { command: script(body), timeoutMs: 20_000 });
export const cliPrinting = (output: unknown, code = 0): CarbonioCli => {
  const text = typeof output === 'string' ? output : JSON.stringify(output);
  return cliThat(`process.exitCode = ${code}; process.stdout.write(${JSON.stringify(text)});`);
};

/** The type of the problem that it fails with. */
export async function failure(body: Promise<unknown> | (() => unknown)): Promise<Problem> {
  try {
    await (typeof body === 'function' ? body() : body);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}
