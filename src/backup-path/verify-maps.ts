/** Reads the files that are neither items nor blobs: maps, statistics, the log of mapped ids. */
import { createReadStream, readdirSync } from 'node:fs';
import { broken, Defect, errorCode, readDefect } from './defect';
import { accountDir } from './layout';
import type { BackupPath } from './store';

/** No honest line comes near it. Bytes. */
const LONGEST_LINE = 1024 * 1024;

/** What is wrong with the maps of earlier imports and the statistics at the root. */
export async function* storeDefects(store: BackupPath): AsyncGenerator<Defect> {
  let maps: string[];
  try {
    maps = readdirSync(store.root).filter((name) => name.startsWith('map_'));
  } catch (error) {
    yield readDefect(error, store.root);
    return;
  }
  for (const name of maps.sort()) yield* lineDefects(store, name, isMapping, 'no mapping');
  yield* statDefects(() => json(store, 'backupstat'));
}

/** The same of one account. */
export async function* accountDefects(store: BackupPath, account: string): AsyncGenerator<Defect> {
  const folder = accountDir(account);
  try {
    store.files.checkFolder(folder);
  } catch {
    return; // its account_info tells
  }
  yield* statDefects(() => store.document('accountStat', `${folder}/account_stat`));
  yield* lineDefects(store, `${folder}/id_mapper.log`, isPair, 'no pair of ids');
}

/** These files need not be there. */
function* statDefects(read: () => unknown): Generator<Defect> {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    if (error.code !== 'ENOENT') yield error;
  }
}

function json(store: BackupPath, relative: string): void {
  const path = store.files.absolute(relative);
  const content = store.files.read(path, LONGEST_LINE);
  try {
    JSON.parse(content.toString('utf8'));
  } catch {
    throw broken('no valid JSON', path);
  }
}

/** The first line that is wrong; the others of the file would say no more. */
async function* lineDefects(
  store: BackupPath,
  relative: string,
  isRight: (line: string) => boolean,
  what: string,
): AsyncGenerator<Defect> {
  const path = store.files.absolute(relative);
  try {
    let number = 0;
    for await (const line of lines(store, path)) {
      number++;
      if (line !== '' && !isRight(line)) throw broken(`${what} in line ${number}`, path);
    }
  } catch (error) {
    if (!(error instanceof Defect) && errorCode(error) === null) throw error;
    const defect = readDefect(error, path);
    if (defect.code !== 'ENOENT') yield defect;
  }
}

async function* lines(store: BackupPath, path: string): AsyncGenerator<string> {
  const source = createReadStream(path, { fd: store.files.open(path).fd });
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    let data = Buffer.concat([rest, chunk as Buffer]);
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
      yield data.toString('utf8', 0, end);
      data = data.subarray(end + 1);
    }
    if (data.length > LONGEST_LINE) throw broken(`a line of more than ${LONGEST_LINE} bytes`, path);
    rest = data;
  }
  yield rest.toString('utf8');
}

function isMapping(line: string): boolean {
  try {
    const { kind, from, to } = JSON.parse(line) as Record<string, unknown>;
    return typeof kind === 'string' && typeof from === 'string' && typeof to === 'string';
  } catch {
    return false;
  }
}

const isPair = (line: string): boolean => /^\d+ \d+\s*$/.test(line);
