/** `lifeboat search`: items of an account of a Backup Path. */
import { resolve } from 'node:path';
import { findAccount } from '../../backup-path/find-account';
import type { ItemType } from '../../backup-path/model';
import { BackupPath } from '../../backup-path/store';
import { counted, printable } from '../../report/format';
import { search as searchItems, type Criteria, type Found } from '../../search/search';
import { EXIT } from '../exit-codes';
import { parseItems } from '../item-list';
import { localTime } from '../local-time';
import { print, printJson, say } from '../output';

export interface SearchOptions {
  backupPath: string;
  subject?: string;
  sender?: string;
  since?: number;
  until?: number;
  folder?: string;
  type?: ItemType;
  deleted?: 'yes' | 'no';
  json?: boolean;
}

const LISTED = 50;

type FoundItem = Extract<Found, { kind: 'item' }>;

export function search(account: string, words: readonly string[], options: SearchOptions): number {
  const { backupPath, deleted, json, ...rest } = options;
  const criteria: Criteria = {
    ...rest,
    items: words.length === 0 ? undefined : parseItems(words),
    deleted: deleted === undefined ? undefined : deleted === 'yes',
  };
  const store = BackupPath.open(resolve(backupPath));
  const { id, name } = findAccount(store, account);
  const items: FoundItem[] = [];
  const unreadable: number[] = [];
  for (const found of searchItems(store, id, criteria)) {
    if (found.kind === 'unreadable') unreadable.push(found.item);
    else items.push(found);
  }
  if (json) printJson({ account: name, accountId: id, items: items.map(jsonOf), unreadable });
  else printText(items);
  if (unreadable.length > 0)
    say(
      `Not looked into, because their metadata cannot be used (\`lifeboat item\` tells why): ${listOf(unreadable)}`,
    );
  return EXIT.done;
}

function printText(items: readonly FoundItem[]): void {
  for (const { item, state, folder, subject, sender } of items) {
    const { type, deleted, date, start } = state;
    const columns = [
      String(item).padEnd(8),
      localTime(date || start),
      type.padEnd(11),
      deleted ? 'deleted' : '       ',
    ];
    // each on its line: a subject with a line end must not look like another item
    print([...columns, folder, sender ?? '-', subject ?? '-'].map(printable).join('  '));
  }
  print(counted(items.length, 'item'));
  if (items.length > 0) print(listOf(items.map(({ item }) => item)));
}

/** As the other commands take it. */
function listOf(items: readonly number[]): string {
  const more = items.length > LISTED ? ` and ${items.length - LISTED} more (--json lists all)` : '';
  return `item:${items.slice(0, LISTED).join(',')}${more}`;
}

function jsonOf({ item, state, folder, subject, sender }: FoundItem): object {
  const { type, deleted, date, start, size, flags, tags } = state;
  const when = new Date(date || start).toISOString();
  return { item, type, deleted, date: when, folder, subject, sender, size, flags, tags };
}
