/** The settings of the source beside those of the new server; what people approve of is set one by one. */
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BackupPath } from '../backup-path/store';
import type { CarbonioCli } from '../carbonio/cli';
import { getServer } from '../carbonio/cli/prov';
import { Problem } from '../failures';
import { writeDurably } from '../host/durable-file';
import type { OperationName } from '../host/operation-dir';
import { counted } from '../report/format';
import { extract } from '../server-config/customizations';
import { diffSettings, inGroup, type Difference, type SettingsDiff } from '../server-config/diff';
import { readLive } from '../server-config/live';
import { savedStates, settingsOfStore } from '../server-config/saved';
import { commandOf, renderScript } from '../server-config/script';
import { orNull, type HostEnv } from './mail-host';
import { recoveryDir } from './report';

export interface SettingsStep extends HostEnv {
  readonly stateDir: string;
  readonly name: OperationName;
  readonly source: string;
}

export interface Compared {
  readonly text: string;
  /** What the source has and a command can set: scope, object and attribute, at most {@link MOST}. */
  readonly applicable: readonly string[];
  /** Of each, what it is now and what the source has. Not told by earlier releases. */
  readonly changes?: readonly string[];
  readonly files: readonly string[];
}

/** More would not fit a question. They all stand in the script. */
const MOST = 500;
const VERSION = 'zimbraServerVersion';

const nameOf = ({ scope, object, attribute }: Difference): string =>
  [scope, object, attribute ?? ''].filter((part) => part !== '').join(' ');

async function differing({ source, cli, server, signal }: SettingsStep): Promise<SettingsDiff> {
  return diffSettings(settingsOfStore(source), await readLive(cli, server, { signal }));
}

const runnable = (diff: SettingsDiff, server: string): Difference[] =>
  inGroup(diff, 'mustMatch').filter((one) => Array.isArray(commandOf(one, { server })));

/** @param file name of the script and the list in the folder of the report, without its end */
export async function compareSettings(step: SettingsStep, file = 'settings'): Promise<Compared> {
  const diff = await differing(step);
  const dir = recoveryDir(step.stateDir, step.name);
  const [script, list] = [join(dir, `${file}.sh`), join(dir, `${file}.json`)];
  writeDurably(script, renderScript(diff, { server: step.server }));
  writeDurably(list, `${JSON.stringify(diff, null, 2)}\n`);
  const [must, host, cosmetic] = (['mustMatch', 'hostSpecific', 'cosmetic'] as const).map((group) =>
    inGroup(diff, group),
  );
  const ofSource = (must ?? []).filter(({ a }) => a !== null).length;
  // what a saved configuration does not name was perhaps never saved: no reason to unset it here
  const applicable = runnable(diff, step.server)
    .filter(({ a }) => a !== null)
    .slice(0, MOST);
  const text =
    `${counted(ofSource, 'setting')} of the source ${ofSource === 1 ? 'is' : 'are'} not the same here; ` +
    `${(must?.length ?? 0) - ofSource} are set here only, ${host?.length} belong to the host, ${cosmetic?.length} are cosmetic. ` +
    `The commands for all of them are in ${script}, for review.`;
  return {
    text,
    applicable: applicable.map(nameOf),
    changes: applicable.map(changeOf),
    files: [script, list],
  };
}

/** Values may be as long as a page; they stand in full in the script. Secrets are never among what can be set. */
const changeOf = ({ a, b }: Difference): string => `now ${shortly(b)}; source: ${shortly(a)}`;

function shortly(values: readonly string[] | null): string {
  if (values === null) return 'not set';
  const text = values.join(', ');
  if (text === '') return 'empty';
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return `\`${shown.replaceAll('`', "'")}\``;
}

/**
 * Sets what the source has, one after the other, and proves it. What each was stands in settings.jsonl before it is
 * changed. Reading the host takes some ten calls, so it is read before the first and after the last.
 * @param chosen names as {@link compareSettings} gives them; what an attempt before this one has set is not set again
 * @throws Problem `UnknownOutput` when the host does not say what was set
 */
export async function applySettings(step: SettingsStep, chosen: readonly string[]): Promise<void> {
  const differ = async (): Promise<Difference[]> =>
    (await differing(step)).differences.filter((one) => chosen.includes(nameOf(one)));
  const before = await differ();
  if (before.length === 0) return;
  for (const one of before) {
    const words = commandOf(one, { server: step.server });
    if (!Array.isArray(words)) throw new Problem('InvalidInput', `${nameOf(one)}: ${words}`);
    journal(join(recoveryDir(step.stateDir, step.name), 'settings.jsonl'), {
      ...{ at: new Date().toISOString(), setting: nameOf(one), before: one.b, wanted: one.a },
    });
    await step.cli.call(words.slice(1), { signal: step.signal });
  }
  const left = (await differ()).map(nameOf);
  if (left.length > 0)
    throw new Problem('UnknownOutput', `${left.join(', ')}: set, and the mail host says something else.`);
}

function journal(file: string, line: object): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const handle = openSync(file, 'a', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(line)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The versions that wrote the source and that runs here; null where it is not told. */
export async function versionsOf(
  cli: CarbonioCli,
  server: string,
  source: string,
  signal: AbortSignal,
): Promise<{ source: string | null; here: string | null }> {
  const here = await orNull(getServer(cli, server, { signal }));
  const version = here?.attributes[VERSION];
  return { source: savedVersion(source), here: [version].flat()[0] ?? null };
}

function savedVersion(source: string): string | null {
  try {
    const { objects } = settingsOfStore(source);
    return objects.find(({ scope }) => scope === 'server')?.attributes.get(VERSION)?.[0] ?? null;
  } catch (error) {
    // a source without its configuration can be restored from all the same
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** The newest archive of customized files, unpacked beside the report. */
export async function unpackCustomizations(
  stateDir: string,
  name: OperationName,
  source: string,
): Promise<{ text: string }> {
  const store = BackupPath.open(source);
  let archive;
  try {
    [archive] = savedStates(store, 'customizations', 'last');
  } catch (error) {
    if (error instanceof Problem && error.type === 'SavedConfigMissing')
      return { text: 'The source has no archive of customized files.' };
    throw error;
  }
  const folder = join(recoveryDir(stateDir, name), `customizations-${Date.now()}`);
  const { files, skipped } = await extract(store.files, (archive as { path: string }).path, folder);
  const left = skipped.count === 0 ? '' : ` ${skipped.count} links and devices were left out.`;
  return { text: `${counted(files, 'file')} in ${folder}: copy by hand what you need.${left}` };
}
