/** `lifeboat server-config standard|customizations|extract`: the server's own settings, as a Backup Path has them. */
import { resolve } from 'node:path';
import type { Archive } from '../../backup-path/server-archives';
import { BackupPath } from '../../backup-path/store';
import { byteSize, counted } from '../../report/format';
import { extract, look, sizeOf, type Contents } from '../../server-config/customizations';
import { settingsOfFile } from '../../server-config/dump';
import type { Settings } from '../../server-config/model';
import { answer, entriesOf } from '../../server-config/query';
import { readEach, readSaved, savedStates, type Damaged, type When } from '../../server-config/saved';
import { line, settingLines, summaryLines } from '../../server-config/text';
import { localTimeWithZone } from '../../server-config/time';
import { dumpOf } from '../../server-config/dump';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { print, printJson, say } from '../output';
import { saveAs } from '../save-as';

export interface ServerConfigOptions {
  backupPath?: string;
  file?: string;
  date?: When;
  query?: string;
  verbose?: boolean;
  json?: boolean;
}

/** Where Carbonio has it when nothing else was chosen. */
export const DEFAULT_PATH = '/opt/zextras/backup/zextras';

const openStore = ({ backupPath = DEFAULT_PATH }: ServerConfigOptions): BackupPath =>
  BackupPath.open(resolve(backupPath));

export async function standard(options: ServerConfigOptions): Promise<number> {
  const { backupPath, file, date = 'last', query, json } = options;
  if (file !== undefined && backupPath === undefined) {
    if (options.date !== undefined)
      throw new CommandError('Usage', '--date chooses among the states of a Backup Path; a file holds one.');
    return show([settingsOfFile(resolve(file))], options);
  }
  const store = openStore(options);
  const states = savedStates(store, 'config', date);
  if (file !== undefined) return save(store, states, resolve(file), options);
  if (date === 'all' && query === undefined) return listStates(store, states, json ?? false);
  const { found, damaged } = await readEach(states, (state) => readSaved(store, state));
  const code = show(found, options, damaged);
  return damaged.length > 0 ? EXIT.partial : code;
}

async function save(
  store: BackupPath,
  states: readonly Archive[],
  path: string,
  { query, json }: ServerConfigOptions,
): Promise<number> {
  const [state] = states;
  if (states.length !== 1 || query !== undefined || state === undefined)
    throw new CommandError(
      'Usage',
      '--file saves one state, the whole of it: without --date all and --query.',
    );
  const settings = readSaved(store, state);
  await saveAs(path, Buffer.from(dumpOf(settings)));
  const masked = maskedNames(settings);
  if (json) printJson({ saved: path, from: state.path, masked });
  else print(`Saved as ${path}.`);
  sayMasked(masked);
  return EXIT.done;
}

function show(
  all: readonly Settings[],
  { query, verbose, json }: ServerConfigOptions,
  damaged: readonly Damaged[] = [],
): number {
  const answers = all.map((settings) => ({ settings, answered: answer(settings, query ?? '/') }));
  if (query !== undefined && answers.every(({ answered }) => answered.entries.length === 0)) {
    throw new CommandError(
      'SavedConfigMissing',
      `There is nothing at ${query}. \`--query /\` lists every place; one is serverConfig/<attribute>/<host>.`,
    );
  }
  const masked = [...new Set(answers.flatMap(({ answered }) => namesOf(answered.entries)))].sort();
  if (json) {
    const states = answers.map(({ settings, answered }) => ({
      from: settings.from,
      savedAt: settings.savedAt === null ? null : new Date(settings.savedAt).toISOString(),
      settings: answered.entries.map(({ place, scope, object, attribute, values, masked: hidden }) => ({
        ...{ place, scope, object, attribute, values, ...(hidden ? { masked: true } : {}) },
      })),
    }));
    printJson({ states, masked, ...(damaged.length > 0 ? { damaged } : {}) });
    return EXIT.done;
  }
  for (const { settings, answered } of answers) {
    const lines = query === undefined ? summaryLines(settings) : settingLines(settings, answered);
    for (const one of lines) print(printableLine(one));
    if (verbose) print(line('file', settings.from));
  }
  for (const { why } of damaged) say(why);
  if (query === undefined)
    say('`--query /` prints every setting; `--file F` beside --backup-path saves them.');
  else sayMasked(masked);
  return EXIT.done;
}

/** A value with a line break must not look like another setting. */
const printableLine = (text: string): string => text.replaceAll('\n', '\\n');

const namesOf = (entries: readonly { attribute: string; masked: boolean }[]): string[] =>
  entries.filter(({ masked }) => masked).map(({ attribute }) => attribute);
const maskedNames = (settings: Settings): string[] => [...new Set(namesOf(entriesOf(settings)))].sort();

function sayMasked(names: readonly string[]): void {
  if (names.length > 0) say(`Not shown, because they hold secrets: ${names.join(', ')}.`);
}

async function listStates(store: BackupPath, states: readonly Archive[], json: boolean): Promise<number> {
  if (!json) {
    for (const { name, at } of states) print(line(localTimeWithZone(at), name));
    return EXIT.done;
  }
  const { found, damaged } = await readEach(states, ({ name, path, at }) => ({
    ...{ file: name, path, savedAt: new Date(at).toISOString(), bytes: sizeOf(store.files, path) },
  }));
  printJson({ states: found, ...(damaged.length > 0 ? { damaged } : {}) });
  return damaged.length > 0 ? EXIT.partial : EXIT.done;
}

const ATTENTION =
  "ATTENTION: each archive holds the mail server's folders of settings, packed (on Carbonio /opt/zextras/conf/ and\n" +
  '/opt/zextras/postfix/conf/), with passwords and keys. Putting files back is done by hand, by somebody who knows\n' +
  'what they do: `lifeboat server-config extract` unpacks them into an empty folder, to compare.\n';

export async function customizations(options: ServerConfigOptions): Promise<number> {
  const { file, date = 'last', query, verbose, json } = options;
  if (query !== undefined) throw new CommandError('Usage', '--query is for `server-config standard`.');
  const store = openStore(options);
  const states = savedStates(store, 'customizations', date);
  const [only] = states;
  if (file !== undefined) {
    if (states.length !== 1 || only === undefined)
      throw new CommandError('Usage', '--file saves one archive: without --date all.');
    const path = resolve(file);
    await saveAs(path, store.files, only.path);
    if (json) printJson({ saved: path, from: only.path });
    else print(`Saved as ${path}.`);
    return EXIT.done;
  }
  const { found: archives, damaged } = await readEach(states, async (one) => ({
    ...{ ...one, bytes: sizeOf(store.files, one.path) },
    contents: verbose ? await look(store.files, one.path) : null,
  }));
  const code = damaged.length > 0 ? EXIT.partial : EXIT.done;
  if (json) {
    printJson({
      archives: archives.map(({ name, path, at, bytes, contents }) => ({
        ...{ filename: name, path, savedAt: new Date(at).toISOString(), bytes },
        ...(contents === null ? {} : { contents }),
      })),
      ...(damaged.length > 0 ? { damaged } : {}),
    });
    return code;
  }
  if (verbose) print(ATTENTION);
  print('archives');
  for (const one of archives) printArchive(store, one);
  for (const { why } of damaged) say(why);
  return code;
}

const pair = (key: string, value: string): void => print(`        ${key.padEnd(60)}${value}`);

function printArchive(
  { root }: BackupPath,
  { name, at, bytes, contents }: Archive & { readonly bytes: number; readonly contents: Contents | null },
): void {
  pair('filename', name);
  pair('path', `${root}/server/`);
  pair('modify date', localTimeWithZone(at));
  if (contents === null) return;
  pair('size', byteSize(bytes));
  pair('files', `${contents.files}, ${byteSize(contents.bytes)} unpacked`);
  contents.folders.forEach((folder) => pair('folder', folder));
  if (contents.skipped.count > 0) pair('links and the like', String(contents.skipped.count));
}

export async function extractTo(
  folder: string,
  options: Pick<ServerConfigOptions, 'backupPath' | 'date' | 'json'>,
): Promise<number> {
  const store = openStore(options);
  const [archive] = savedStates(store, 'customizations', options.date ?? 'last');
  if (archive === undefined || options.date === 'all')
    throw new CommandError('Usage', 'One archive is unpacked: --date last, or a time.');
  const target = resolve(folder);
  const contents = await extract(store.files, archive.path, target);
  const { files, bytes, skipped } = contents;
  if (options.json) printJson({ folder: target, archive: archive.path, ...contents });
  else {
    print(`${counted(files, 'file')} of ${archive.name} in ${target} (${byteSize(bytes)}).`);
    print('They hold passwords and keys: only you can read them. Remove the folder when you are done.');
  }
  if (skipped.count > 0) {
    const names = skipped.names.join(', ') + (skipped.count > skipped.names.length ? ', …' : '');
    say(`Left out, because they are no plain files (links and the like): ${names}.`);
  }
  return EXIT.done;
}
