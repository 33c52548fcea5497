/** The LMDB environment behind the ledger. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { Problem } from '../failures';
import type { Intent } from './model';

/** Address space, not disk: the file grows as it is used. Equal in every process, so that nobody has to remap. */
const MAP_SIZE = 64 * 1024 ** 3;

export interface LedgerDatabases {
  readonly root: RootDatabase<unknown, string>;
  /** Names to numbers, operations, counters. */
  readonly meta: Database<unknown, string>;
  readonly accounts: Database<unknown, Buffer>;
  /** Item to the operation that put it into the target; 0: it was there before us. */
  readonly items: Database<number, Buffer>;
  /** Items that an attempt is about to inject, or was when it died. */
  readonly intents: Database<Intent, Buffer>;
  /** Messages found in the target before the first injection: digest to how many are still unmatched. */
  readonly digests: Database<number, Buffer>;
  /** Folder id of the source to folder of the target. */
  readonly folders: Database<string, Buffer>;
  readonly folderNames: Database<number, Buffer>;
  readonly work: Database<unknown, Buffer>;
  readonly lanes: Database<unknown, Buffer>;
  readonly findings: Database<unknown, Buffer>;
  readonly notes: Database<unknown, Buffer>;
  readonly mountpoints: Database<unknown, Buffer>;
}

/**
 * Opens (creates) the ledger of a state folder. A transaction that has returned is on the disk: that order is what
 * exactly-once rests on, so the overlapping of syncs that LMDB offers is off.
 * @throws Problem `StateUnavailable`
 */
export function openDatabases(stateDir: string): LedgerDatabases {
  const path = join(stateDir, 'ledger');
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const root = open<unknown, string>({ path, overlappingSync: false, maxDbs: 16, mapSize: MAP_SIZE });
    const binary = { keyEncoding: 'binary', encoding: 'msgpack' } as const;
    return {
      root,
      meta: root.openDB({ name: 'meta', encoding: 'msgpack' }),
      accounts: root.openDB({ name: 'accounts', ...binary }),
      items: root.openDB({ name: 'items', ...binary }),
      intents: root.openDB({ name: 'intents', ...binary }),
      digests: root.openDB({ name: 'digests', ...binary }),
      folders: root.openDB({ name: 'folders', ...binary }),
      folderNames: root.openDB({ name: 'folder-names', ...binary }),
      work: root.openDB({ name: 'work', ...binary }),
      lanes: root.openDB({ name: 'lanes', ...binary }),
      findings: root.openDB({ name: 'findings', ...binary }),
      notes: root.openDB({ name: 'notes', ...binary }),
      mountpoints: root.openDB({ name: 'mountpoints', ...binary }),
    };
  } catch (error) {
    throw new Problem(
      'StateUnavailable',
      `The ledger in ${path} cannot be opened: ${(error as Error).message}.`,
      { path },
      { cause: error },
    );
  }
}

/** What LMDB and the system say when the state folder is full, read-only or failing. */
const STATE_FAILS =
  /^(MDB_|No space left|Input\/output error|Permission denied|Read-only file system|Disk quota)/;

/**
 * One durable transaction. When it returns, it is on the disk; when `body` throws, nothing of it is.
 * @throws Problem `StateUnavailable` when the state folder fails
 */
export function transaction<T>(db: LedgerDatabases, body: () => T): T {
  try {
    return db.root.transactionSync(body);
  } catch (error) {
    const message = (error as Error).message ?? '';
    if (!STATE_FAILS.test(message)) throw error;
    throw new Problem('StateUnavailable', `The ledger cannot be written: ${message}.`, {}, { cause: error });
  }
}
