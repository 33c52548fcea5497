/** A restore of chosen items: the list, and the walk over it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../backup-path/defect';
import { bucketOf, isItemId, itemPath } from '../backup-path/layout';
import type { BackupPath } from '../backup-path/store';
import { countItems, walkItems, type Cursor, type WalkEntry } from '../backup-path/walk';
import { Problem } from '../failures';
import type { RestoreRequest } from './request';

/** By account id: its items, or all of them. */
export type Chosen = ReadonlyMap<string, readonly number[] | 'all'>;

const file = z.record(z.string(), z.union([z.literal('all'), z.array(z.number())]));

/** Puts the list where the steps of the restore find it: such a list may be too long for a history. */
export function writeChosen(path: string, chosen: Chosen): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.tmp`, JSON.stringify(Object.fromEntries(chosen)), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    throw unusable(path, 'written', error);
  }
}

/** @throws Problem `StateUnavailable` */
export function readChosen(path: string): Chosen {
  try {
    return new Map(Object.entries(file.parse(JSON.parse(readFileSync(path, 'utf8')))));
  } catch (error) {
    throw unusable(path, 'read', error);
  }
}

/** For the mail host, which restores whole accounts: those of the list. */
export function asAccounts(request: RestoreRequest): RestoreRequest {
  const { onlyItems } = request.input;
  if (onlyItems === undefined) return request;
  const accounts = [...readChosen(onlyItems).keys()];
  return { ...request, input: { ...request.input, accounts, domains: [] } };
}

const unusable = (path: string, what: string, error: unknown): Problem =>
  new Problem(
    'StateUnavailable',
    `The list of chosen items ${path} cannot be ${what} (${errorCode(error) ?? 'it is damaged'}).`,
    { path },
    { cause: error },
  );

/** Metadata files that are walked over. */
export function countChosen(store: BackupPath, chosen: Chosen | null, accountId: string): number {
  const items = chosen?.get(accountId) ?? 'all';
  return items === 'all' ? countItems(store, accountId) : inOrder(items).length;
}

/** As `walkItems`; of a list the very items, whether their metadata is there or not. */
export function walkChosen(
  store: BackupPath,
  chosen: Chosen | null,
  accountId: string,
  after: Cursor,
): Generator<WalkEntry> {
  const items = chosen?.get(accountId) ?? 'all';
  return items === 'all' ? walkItems(store, accountId, after) : walkList(store, accountId, items, after);
}

function* walkList(
  store: BackupPath,
  accountId: string,
  items: readonly number[],
  after: Cursor,
): Generator<WalkEntry> {
  for (const id of inOrder(items)) {
    const bucket = Number(bucketOf(id));
    if (bucket < after.bucket || (bucket === after.bucket && id <= after.item)) continue;
    const path = store.files.absolute(itemPath(accountId, id));
    // as in a walk: what is no id stays on the list, and is told to be none
    const kind = isItemId(String(id)) ? 'item' : 'misplaced';
    yield { kind, id, path, cursor: { bucket, item: id } };
  }
}

/** The order of a walk: by folder, then by id; each once. */
function inOrder(items: readonly number[]): number[] {
  return [...new Set(items)].sort((a, b) => Number(bucketOf(a)) - Number(bucketOf(b)) || a - b);
}

export const chosenFile = (operationDir: string): string => join(operationDir, 'items.json');
