/** What a command of `carbonio` is, and how its arguments are read: mandatory ones by position, then `name value`. */
import type { Host } from '../host';
import type { Operation } from '../operations/model';
import { Refusal } from '../refusal';

export type Kind = 'text' | 'bool' | 'int' | 'list';

export interface Call {
  readonly host: Host;
  /** Positional values by name, and optional ones by name. */
  readonly values: Readonly<Record<string, string>>;
  /** The words as they came. */
  readonly words: readonly string[];
  /** Working folder of the caller: relative paths are seen from there. */
  readonly cwd: string;
  readonly json: boolean;
  /** Prints now, for commands that go on printing. */
  readonly print: (text: string) => void;
  /** Aborts when the caller went away. */
  readonly gone: AbortSignal;
}

/** What a command answers: `response` as JSON, `text` else (default: `response` as a tree). */
export interface Answer {
  readonly response: unknown;
  readonly text?: string;
  /** The operation that it started, for --sync and --progress. */
  readonly operation?: Operation;
}

export interface Command {
  readonly module: string;
  readonly name: string;
  readonly mandatory: readonly string[];
  readonly optional: Readonly<Record<string, Kind>>;
  /** It reads `words` itself: how many are mandatory depends on the first. */
  readonly free?: boolean;
  /** Of the output: `documented` (grades A and B of the reference), or shaped by us. */
  readonly output: 'documented' | 'synthetic';
  readonly about: string;
  run(call: Call): Answer | Promise<Answer>;
}

export class Usage extends Error {}

/** @throws Usage */
export function readValues(command: Command, words: readonly string[]): Record<string, string> {
  const { name, mandatory, optional } = command;
  if (command.free) return {};
  if (words.length < mandatory.length) throw new Usage(`command ${name} requires more parameters`);
  const values: Record<string, string> = {};
  mandatory.forEach((key, at) => (values[key] = words[at] ?? ''));
  const rest = words.slice(mandatory.length);
  for (let at = 0; at < rest.length; at += 2) {
    const key = (rest[at] ?? '').toLowerCase();
    const kind = optional[key];
    const value = rest[at + 1];
    if (kind === undefined) throw new Usage(`unknown parameter ${rest[at]} of command ${name}`);
    if (value === undefined) throw new Usage(`parameter ${key} of command ${name} requires a value`);
    if (kind === 'bool' && !/^(true|false)$/i.test(value))
      throw new Usage(`parameter ${key} must be true or false, not ${value}`);
    if (kind === 'int' && !/^\d{1,15}$/.test(value))
      throw new Usage(`parameter ${key} must be an integer, not ${value}`);
    values[key] = value;
  }
  return values;
}

export const isTrue = (value: string | undefined, missing = false): boolean =>
  value === undefined ? missing : value.toLowerCase() === 'true';

/** `a,b`; the keyword `all` is the empty list. */
export const listOf = (value: string | undefined): string[] =>
  value === undefined || value.toLowerCase() === 'all' ? [] : value.split(',').filter((word) => word !== '');

export function requireKeyword(value: string | undefined, ...keywords: readonly string[]): string {
  const found = keywords.find((keyword) => keyword.toLowerCase() === value?.toLowerCase());
  if (found === undefined) throw new Refusal(`${value} is not one of ${keywords.join(', ')}`);
  return found;
}

/** What a command that queues an operation prints at once. Synthetic: it was never seen. */
export function started(host: Host, operation: Operation): Answer {
  const { id } = operation;
  const monitorCommand = `carbonio backup monitor ${id}`;
  return {
    operation,
    response: { operationId: id, operationHost: host.settings.host, monitorCommand },
    text: `operation id: ${id}\noperation host: ${host.settings.host}\nmonitor command: ${monitorCommand}\n`,
  };
}
