/** `lifeboat server-config diff`: saved settings beside others, or beside those of the mail host. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { openCarbonioHost } from '../../carbonio/host';
import { loadConfig } from '../../config';
import { GROUPS, type Group } from '../../server-config/classify';
import { diffSettings, inGroup, isSame, type Difference, type SettingsDiff } from '../../server-config/diff';
import { settingsOfFile } from '../../server-config/dump';
import { readLive } from '../../server-config/live';
import type { Settings } from '../../server-config/model';
import { settingsOfStore } from '../../server-config/saved';
import { renderScript } from '../../server-config/script';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { hostLog } from '../host-log';
import { print, printJson, say } from '../output';
import { saveAs } from '../save-as';

export interface DiffOptions {
  server?: string;
  script?: string;
  json?: boolean;
}

const LIVE = 'live';

const TITLES: Readonly<Record<Group, string>> = {
  mustMatch: 'Must match',
  hostSpecific: 'Belongs to the host',
  cosmetic: 'Cosmetic',
};

export async function diff(a: string, b: string, options: DiffOptions): Promise<number> {
  if (a === LIVE)
    throw new CommandError('Usage', 'live comes second: what is saved first, the mail host behind it.');
  const left = saved(a);
  const right = b === LIVE ? await live(options.server ?? null) : saved(b);
  const found = diffSettings(left, right);
  if (options.script !== undefined) {
    const server = right.objects.find(({ scope }) => scope === 'server')?.name ?? '';
    await saveAs(resolve(options.script), Buffer.from(renderScript(found, { server })));
  }
  if (options.json) printJson({ same: isSame(found), ...jsonOf(found) });
  else show(found, options.script);
  return isSame(found) ? EXIT.done : EXIT.partial;
}

/** A folder is a Backup Path, a file one of its files or a dump. */
function saved(path: string): Settings {
  const absolute = resolve(path);
  const isFolder = statSync(absolute, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? settingsOfStore(absolute) : settingsOfFile(absolute);
}

function live(server: string | null): Promise<Settings> {
  const config = loadConfig(process.env);
  return readLive(openCarbonioHost(config.carbonio, config, hostLog()).cli, server);
}

function jsonOf(found: SettingsDiff): object {
  const { a, b, compared, notComparable, notRead } = found;
  const groups = GROUPS.map((group) => [
    group,
    inGroup(found, group).map(({ group: _group, ...one }) => one),
  ]);
  return { a, b, compared, ...(Object.fromEntries(groups) as object), notComparable, notRead };
}

function show(found: SettingsDiff, script: string | undefined): void {
  const { a, b, compared, notComparable, notRead } = found;
  print(`a  ${a}\nb  ${b}`);
  for (const group of GROUPS) {
    const differences = inGroup(found, group);
    if (differences.length === 0) continue;
    print(`\n${TITLES[group]} (${differences.length})`);
    for (const one of differences) showOne(one);
  }
  if (notComparable.length > 0)
    print(`\nSecrets that are known masked only, not compared: ${notComparable.join(', ')}`);
  if (notRead.length > 0) print(`\nNot read on both sides: ${notRead.join(', ')}`);
  const none = isSame(found) ? 'The same' : `${found.differences.length} differences`;
  print(`\n${none}; ${compared} settings compared.`);
  if (found.differences.some(({ secret }) => secret)) say('Secrets are not shown: ******** stands for them.');
  if (script !== undefined) say(`Commands for review: ${script}. Read them before anything of them is run.`);
}

function showOne({ scope, object, attribute, a, b, why }: Difference): void {
  const place = [scope, object, attribute ?? ''].filter((part) => part !== '').join(' ');
  const text = (values: readonly string[] | null): string =>
    values === null ? '(not set)' : values.map((value) => value.replaceAll('\n', '\\n')).join(', ');
  print(`  ${place.replaceAll('\n', '\\n')}  (${why})`);
  print(`    a  ${text(a)}`);
  print(`    b  ${text(b)}`);
}
