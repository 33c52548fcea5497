/** Settings, schedules and services of the mail host. Changes are applied at once; they do not wait in its queue. */
import { Problem } from '../../failures';
import type { CallOptions, CarbonioCli } from '../cli';
import { treeOf, type Answer } from '../parse/answer';
import { unknownOutput } from '../parse/excerpt';
import { booleanOf, recordsOf, sameKey, siblings, valueOf, type TreeNode } from '../parse/tree';
import { accepted } from './operations';
import { valueWord } from './words';

/** What a setting belongs to: everything, or one server, class of service, account or domain by name or id. */
export type ConfigObject =
  | { readonly scope: 'global' }
  | { readonly scope: 'server' | 'cos' | 'account' | 'domain'; readonly name: string };

export interface ConfigValue {
  readonly value: string;
  /** From the scope above; null when it is not told. */
  readonly inherited: boolean | null;
}

/** @throws Problem `UnknownOutput` also for an attribute that has no value: how that is printed is not documented (U) */
export async function getConfig(
  cli: CarbonioCli,
  object: ConfigObject,
  attribute: string,
  options: CallOptions = {},
): Promise<ConfigValue> {
  const answer = await cli.call(['config', 'get', ...objectWords(object), attributeWord(attribute)], options);
  const tree = treeOf(answer);
  const records = recordsOf(tree, 'attribute').filter((group) => valueOf(group, 'attribute') === attribute);
  const groups = records.length > 0 ? records : childrenOf(tree, attribute);
  const found = groups.map((group) => ({
    value: valueOf(group, 'value'),
    inherited: booleanOf(valueOf(group, 'isInherited')) ?? null,
  }));
  const [first] = found;
  const agree = found.every(
    ({ value, inherited }) => value === first?.value && inherited === first?.inherited,
  );
  if (first?.value === undefined || !agree) throw unknownOutput(`The value of ${attribute}`, answer.raw);
  return { value: first.value, inherited: first.inherited };
}

/**
 * Every attribute of an object that has a value, inherited or not. The form is that of `config get`, with more of them; one
 * whose value is empty is left out.
 * @throws Problem `UnknownOutput` when there is none, or one that says nothing of a value, or two things
 */
export async function dumpConfig(
  cli: CarbonioCli,
  object: ConfigObject,
  options: CallOptions = {},
): Promise<Record<string, string>> {
  const answer = await cli.call(['config', 'dump', ...objectWords(object)], options);
  const records = recordsOf(treeOf(answer), 'attribute').flatMap((group): [string, string][] => {
    const [attribute, value] = [valueOf(group, 'attribute'), valueOf(group, 'value')];
    if (attribute !== undefined && value !== undefined) return [[attribute, value]];
    const said = group.filter(({ key }) => sameKey(key, 'value'));
    if (attribute !== undefined && said.length === 1) return [];
    throw unknownOutput('A part of the configuration', answer.raw);
  });
  if (records.length === 0) throw unknownOutput('The configuration', answer.raw);
  return Object.fromEntries(records);
}

/** As members of an object that is called like the attribute, as the HTTP interface has it. */
function childrenOf(tree: readonly TreeNode[], attribute: string): (readonly TreeNode[])[] {
  return [...siblings(tree)].flatMap((list) =>
    list.filter(({ key }) => key === attribute).map(({ children }) => children),
  );
}

export async function setConfig(
  cli: CarbonioCli,
  object: ConfigObject,
  attribute: string,
  value: string,
  options: CallOptions = {},
): Promise<void> {
  const words = [...objectWords(object), attributeWord(attribute), valueWord('config set', attribute, value)];
  accepted(await cli.call(['config', 'set', ...words], options), `Setting ${attribute}`);
}

/** Back to what is inherited. */
export async function unsetConfig(
  cli: CarbonioCli,
  object: ConfigObject,
  attribute: string,
  options: CallOptions = {},
): Promise<void> {
  const words = ['config', 'unset', ...objectWords(object), attributeWord(attribute)];
  accepted(await cli.call(words, options), `Unsetting ${attribute}`);
}

function objectWords(object: ConfigObject): string[] {
  if (object.scope === 'global') return ['global'];
  return [object.scope, valueWord('config', object.scope, object.name)];
}

function attributeWord(attribute: string): string {
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(attribute)) return attribute;
  throw new Problem('InvalidInput', 'The name of an attribute has only letters, digits and _.');
}

export type Schedule = 'SmartScan' | 'purge' | 'coherencyCheck';
export interface ScheduleValue {
  readonly enabled: boolean;
  /** Of cron; null when it is not told. */
  readonly pattern: string | null;
}
export interface ScheduleOptions extends CallOptions {
  readonly scope: 'global' | 'server';
  readonly targetServer?: string;
}

/** How it is printed is not documented (U); the setting behind it has the members `cron-enabled` and `cron-pattern`. */
export async function getSchedule(
  cli: CarbonioCli,
  schedule: Schedule,
  { scope, targetServer, ...options }: ScheduleOptions,
): Promise<ScheduleValue> {
  const words = ['backup', 'scheduler', schedule, 'get', scope, ...targetWords(targetServer)];
  const answer = await cli.call(words, options);
  for (const group of siblings(treeOf(answer))) {
    const enabled = booleanOf(valueOf(group, 'cron-enabled') ?? valueOf(group, 'enabled'));
    const pattern = valueOf(group, 'cron-pattern') ?? valueOf(group, 'pattern') ?? null;
    if (enabled !== undefined) return { enabled, pattern };
  }
  throw unknownOutput(`The schedule of ${schedule}`, answer.raw);
}

export async function setSchedule(
  cli: CarbonioCli,
  schedule: Schedule,
  { enabled, pattern }: { readonly enabled?: boolean; readonly pattern?: string },
  { scope, targetServer, ...options }: ScheduleOptions,
): Promise<void> {
  const on = enabled === undefined ? [] : ['enabled', String(enabled)];
  const at = pattern === undefined ? [] : ['pattern', valueWord('scheduler', 'pattern', pattern)];
  const words = ['backup', 'scheduler', schedule, 'set', scope, ...on, ...at, ...targetWords(targetServer)];
  accepted(await cli.call(words, options), `Setting the schedule of ${schedule}`);
}

const targetWords = (server: string | undefined): string[] =>
  server === undefined ? [] : ['target_server', valueWord('scheduler', 'target_server', server)];

export interface HostService {
  readonly name: string;
  readonly running: boolean;
  readonly couldStart: boolean | null;
  readonly couldStop: boolean | null;
  readonly couldNotStartBecause: string | null;
}

/** Of the Backup module; `module` is the whole of it. */
export async function getServices(cli: CarbonioCli, options: CallOptions = {}): Promise<HostService[]> {
  const answer = await cli.call(['backup', 'getServices'], options);
  const found = [...siblings(treeOf(answer))].flat().flatMap((node): HostService[] => {
    const running = booleanOf(valueOf(node.children, 'running'));
    if (running === undefined) return [];
    return [
      {
        name: valueOf(node.children, 'name') ?? node.key,
        running,
        couldStart: booleanOf(valueOf(node.children, 'could_start')) ?? null,
        couldStop: booleanOf(valueOf(node.children, 'could_stop')) ?? null,
        couldNotStartBecause: valueOf(node.children, 'could_not_start_because') ?? null,
      },
    ];
  });
  if (found.length === 0) throw unknownOutput('The list of services', answer.raw);
  const mentioned = [...siblings(treeOf(answer))].flat().filter(({ key }) => sameKey(key, 'running')).length;
  if (mentioned !== found.length) throw unknownOutput('A part of the list of services', answer.raw);
  return found;
}

export async function doStartService(
  cli: CarbonioCli,
  name: string,
  options: CallOptions = {},
): Promise<void> {
  const words = ['backup', 'doStartService', valueWord('doStartService', 'service_name', name)];
  said(await cli.call(words, options), 'started', `Starting ${name}`);
}

export async function doStopService(
  cli: CarbonioCli,
  name: string,
  options: CallOptions = {},
): Promise<void> {
  const words = ['backup', 'doStopService', valueWord('doStopService', 'service_name', name)];
  said(await cli.call(words, options), 'stopped', `Stopping ${name}`);
}

/** The words are not documented (U), only that they are like "service stopped". One line, and no denial in it. */
function said(answer: Answer, state: string, what: string): void {
  if (answer.form === 'json') return accepted(answer, what);
  const text = answer.raw.trim();
  const done = new RegExp(`\\bservice\\b.*\\b${state}\\b|^ok$`, 'i').test(text);
  if (!done || text.includes('\n') || /\b(not|cannot|n't|fail\w*|error|unable)\b/i.test(text)) {
    throw unknownOutput(`${what}: the answer`, answer.raw);
  }
}
