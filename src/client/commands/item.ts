/** `lifeboat item`: the states of items, and their content. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { resolve } from 'node:path';
import type { Blob } from '../../backup-path/blob';
import { Defect } from '../../backup-path/defect';
import { findAccount } from '../../backup-path/find-account';
import { checkStates, type CheckedState, type Moment } from '../../backup-path/item-states';
import { BackupPath } from '../../backup-path/store';
import { createFile } from '../../host/new-file';
import { printable } from '../../report/format';
import { remedyOf } from '../../report/remedies';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { parseItems } from '../item-list';
import { itemJson, itemText, type ShownItem } from '../item-text';
import { print, printJson, say } from '../output';

export interface ItemOptions {
  backupPath: string;
  date: Moment;
  dumpBlob?: boolean;
  eml?: string;
  json?: boolean;
}

/** Content that is put into a JSON document, bytes. */
const LARGEST_IN_JSON = 8 * 1024 * 1024;

export async function item(account: string, words: readonly string[], options: ItemOptions): Promise<number> {
  const items = parseItems(words);
  if ((options.dumpBlob || options.eml !== undefined) && items.length > 1)
    throw new CommandError('Usage', '--dump-blob and --eml take one item; `lifeboat rescue` takes many.');
  const store = BackupPath.open(resolve(options.backupPath));
  const { id, name } = findAccount(store, account);
  const shown: ShownItem[] = [];
  for (const one of items) shown.push(await look(store, id, one, options.date));
  const wanted = options.dumpBlob || options.eml !== undefined ? await newestIntact(store, shown) : undefined;
  if (options.json) {
    const blob = options.dumpBlob && wanted ? await inJson(wanted) : undefined;
    printJson({
      account: name,
      accountId: id,
      items: shown.map((one) => itemJson(one)),
      ...(blob ? { blob } : {}),
    });
  } else {
    const text = shown.map((one) => itemText(one, items.length > 1)).join('\n');
    // the bytes alone go into a file or a pipe
    if (options.dumpBlob && !process.stdout.isTTY) say(text);
    else print(text);
  }
  const complete = wanted === undefined || (await giveContent(wanted, options));
  return complete && shown.every(isFine) ? EXIT.done : EXIT.partial;
}

async function look(store: BackupPath, account: string, id: number, moment: Moment): Promise<ShownItem> {
  try {
    return { item: id, states: await checkStates(store, account, id, moment), defect: null };
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    const { kind, message } = error;
    const evidence = store.evidenceOf(error);
    const known = remedyOf({ class: kind, reason: message, evidence });
    const remedy = evidence?.error === 'ENOENT' ? `${IS_IT_RIGHT} ${known}` : known;
    return { item: id, states: [], defect: { class: kind, reason: message, remedy } };
  }
}

const IS_IT_RIGHT = 'Is the id right? `lifeboat search` lists those that are there. If it was there:';

const isFine = ({ states, defect }: ShownItem): boolean =>
  defect === null && states.length > 0 && states.every(({ verifies }) => verifies !== false);

/** The newest of the states shown whose blob verifies; null when none does. */
async function newestIntact(store: BackupPath, shown: readonly ShownItem[]): Promise<Blob | null> {
  const states: readonly CheckedState[] = shown[0]?.states ?? [];
  const best = [...states].reverse().find(({ verifies }) => verifies === true);
  return best?.state.digest ? store.blobs.load(best.state.digest) : null;
}

const streamOf = (blob: Blob): Readable | Buffer => (blob.kind === 'memory' ? blob.bytes : blob.open());

async function giveContent(blob: Blob | null, { eml, dumpBlob, json }: ItemOptions): Promise<boolean> {
  if (blob === null) {
    say(
      'None of the states shown has content that verifies: `lifeboat item … --date all` shows older ones, `lifeboat rescue` saves what is left.',
    );
    return false;
  }
  if (eml !== undefined) await save(blob, resolve(eml));
  if (dumpBlob && !json) await dump(blob);
  return true;
}

async function save(blob: Blob, path: string): Promise<void> {
  try {
    await createFile(path, streamOf(blob));
  } catch (error) {
    if (error instanceof Defect) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const why =
      code === 'EEXIST' ? 'there is a file already, which is not replaced' : (error as Error).message;
    throw new CommandError('Usage', `${path} cannot be written: ${why}.`, { cause: error });
  }
  say(`Saved as ${path}`);
}

/** Byte for byte into a file or a pipe. On a terminal, what would steer it is shown as escapes. */
async function dump(blob: Blob): Promise<void> {
  const stream = streamOf(blob);
  if (!process.stdout.isTTY) {
    if (Buffer.isBuffer(stream)) process.stdout.write(stream);
    else await pipeline(stream, process.stdout, { end: false });
    return;
  }
  const chunks = Buffer.isBuffer(stream) ? [stream] : stream;
  for await (const chunk of chunks)
    process.stdout.write(
      (chunk as Buffer)
        .toString('utf8')
        .split('\n')
        .map((line) => printable(line.replace(/\r$/, '')))
        .join('\n'),
    );
}

async function inJson(blob: Blob): Promise<{ encoding: 'base64'; size: number; content: string }> {
  if (blob.kind !== 'memory' || blob.size > LARGEST_IN_JSON)
    throw new CommandError(
      'Usage',
      `The content has ${blob.size} bytes, too many for a JSON document: use --eml FILE.`,
    );
  return { encoding: 'base64', size: blob.size, content: blob.bytes.toString('base64') };
}
