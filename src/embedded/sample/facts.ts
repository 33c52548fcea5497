/** What a sample holds, so that whoever restores it can be checked against it. */
import type { AccountStatus, ItemType } from '../../backup-path/model';

export type DefectKind = 'read' | 'broken' | 'invalid';

/** One item that cannot be restored, on purpose. */
export interface SampleDefect {
  /** The class it must be reported as; `invalid` for targets that refuse lines of more than 10,240 bytes. */
  readonly kind: DefectKind;
  readonly account: string;
  readonly item: number;
  /** What is wrong with it, in words. */
  readonly what: string;
}

/** An item that carries content, as its current state is. */
export interface SampleItem {
  /** Address of the account. */
  readonly account: string;
  readonly item: number;
  readonly type: ItemType;
  /** Names from the top, as people see them; the first may be a system folder (`INBOX`, `Trash`, `Sent`, …). */
  readonly folder: readonly string[];
  /** The server's letters. */
  readonly flags: string;
  readonly tags: readonly string[];
  /** Epoch milliseconds. */
  readonly date: number;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content, as blobs are named. */
  readonly digest: string;
  readonly deleted: boolean;
  /** How many states its history has. */
  readonly states: number;
}

export interface SampleAccount {
  readonly id: string;
  readonly address: string;
  readonly status: AccountStatus;
  readonly system: boolean;
  readonly folders: number;
  readonly tags: number;
  readonly mountpoints: number;
}

export interface SampleFacts {
  readonly root: string;
  readonly serverId: string;
  readonly serverName: string;
  readonly domains: readonly string[];
  readonly lists: readonly string[];
  readonly coses: readonly string[];
  readonly accounts: readonly SampleAccount[];
  /** Every item that carries content, the damaged ones included; in the order of their ids within an account. */
  readonly items: readonly SampleItem[];
  readonly defects: readonly SampleDefect[];
}

/** What an External Restore with default settings into a target that holds messages only must come to. */
export interface ExpectedRestore {
  readonly restored: readonly SampleItem[];
  /** Deleted items, and everything of deleted and system accounts. */
  readonly filtered: readonly SampleItem[];
  readonly unsupported: readonly SampleItem[];
  readonly defects: readonly SampleDefect[];
  /** Addresses of the accounts that get a mailbox. */
  readonly accounts: readonly string[];
}

export function expectedRestore(facts: SampleFacts): ExpectedRestore {
  const accounts = facts.accounts
    .filter(({ status, system }) => status !== 'deleted' && !system)
    .map(({ address }) => address);
  const included = new Set(accounts);
  const damaged = new Set(facts.defects.map(({ account, item }) => `${account} ${item}`));
  const filtered: SampleItem[] = [];
  const unsupported: SampleItem[] = [];
  const restored: SampleItem[] = [];
  for (const item of facts.items) {
    if (item.deleted || !included.has(item.account)) filtered.push(item);
    else if (item.type !== 'message') unsupported.push(item);
    else if (!damaged.has(`${item.account} ${item.item}`)) restored.push(item);
  }
  return { restored, filtered, unsupported, defects: facts.defects, accounts };
}

/** How many items of each type there are. */
export function countByType(items: readonly SampleItem[]): Partial<Record<ItemType, number>> {
  const counts: Partial<Record<ItemType, number>> = {};
  for (const { type } of items) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}
