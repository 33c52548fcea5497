/** Operations on the own Backup Path: restore on a new account, undelete, item restore, export, scans, check, purge. */
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../../failures';
import { SERVER } from '../../../backup-path/layout';
import type { AccountInfo, ItemState } from '../../../backup-path/model';
import type { BackupPath } from '../../../backup-path/store';
import { findAccount } from '../../../backup-path/find-account';
import { verifyStore } from '../../../backup-path/verify';
import { BackupPathWriter } from '../../../backup-path/writer';
import type { Host } from '../host';
import { Refusal } from '../refusal';
import { Engine } from './engine';
import type { Outcome, Work, WorkContext } from './model';
import { purgeStore } from './purge';
import { Scan, statsOf } from './scan';
import { copyAccount, stateAt, type View } from './view';

const base = (parameters: Record<string, unknown>) => ({
  ...{ line: 'backup' as const, parameters: { requesterAddress: 'zextras', origin: 'CLI', ...parameters } },
});

/** A copy that is restored: a store of its own, so that ids say nothing of earlier restores. */
async function restoreView(
  host: Host,
  context: WorkContext,
  store: BackupPath,
  accountId: string,
  view: View,
  skipAccountProvisioning: boolean,
): Promise<Outcome> {
  const dir = join(host.places.work, context.operation.id);
  try {
    const writer = BackupPathWriter.create(dir, {
      ...{
        serverId: randomUUID(),
        serverName: store.marker.serverName,
        createdAt: new Date(),
        durable: false,
      },
    });
    const lost = copyAccount(store, writer, accountId, view);
    const input = {
      sourcePath: dir,
      filterDeleted: false,
      skipAccountProvisioning,
      overwriteAccounts: !skipAccountProvisioning,
    };
    const { stats, unrestored } = await new Engine(host, context, input).run();
    const of = view.info.name;
    return {
      stats,
      unrestored: new Map([...unrestored, ...(lost.length > 0 ? ([[of, lost]] as const) : [])]),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @param moment epoch ms */
export function restoreOnNewAccount(host: Host, source: string, destination: string, moment: number): Work {
  const store = host.openBackup(null);
  const { id } = findAccount(store, source);
  if (!destination.includes('@')) throw new Refusal(`${destination} is no address`);
  return {
    ...{ name: 'RestoreOnNewAccount', descName: 'Restore on New Account' },
    ...base({ source, destination, date: moment }),
    run: (context) => {
      // looked for now: the path may have been changed while the operation waited
      const now = host.openBackup(null);
      const info: AccountInfo = {
        ...now.accountInfo(id),
        ...{ id: host.mailboxes.find(destination)?.id ?? randomUUID(), name: destination.toLowerCase() },
        ...{ status: 'active', aliases: [], deletedAt: null },
      };
      const view: View = { info, choose: (_item, states) => stateAt(states, moment) };
      return restoreView(host, context, now, id, view, false);
    },
  };
}

const withTag = (states: readonly ItemState[], tag: string): ItemState[] =>
  states.slice(-1).map((state) => ({ ...state, deleted: false, end: null, tags: [...state.tags, tag] }));

/** Items that were deleted between two moments come back, with the tag `undelete_DD_MM_YY` (documented). */
export function undelete(host: Host, account: string, from: number, to: number): Work {
  const { name, id } = host.account(account);
  const [day, month, year] = new Date().toLocaleDateString('en-GB').split('/');
  const tag = `undelete_${day}_${month}_${year?.slice(2)}`;
  return {
    ...{ name: 'Undelete', descName: 'Undelete', ...base({ account: name, from, to }) },
    run: (context) => {
      const store = host.openBackup(null);
      const choose: View['choose'] = (_item, states) => {
        const last = states.at(-1);
        if (last?.type === 'folder') return [{ ...last, deleted: false, end: null }];
        return last?.deleted && last.start >= from && last.start <= to ? withTag(states, tag) : null;
      };
      return restoreView(host, context, store, id, { info: store.accountInfo(id), choose }, true);
    },
  };
}

/** One item, into its own folder. */
export function itemRestore(host: Host, account: string, item: number, moment: number): Work {
  const { name, id } = host.account(account);
  host.openBackup(null).itemById(id, item);
  return {
    ...{ name: 'ItemRestore', descName: 'Item Restore', ...base({ account: name, item }) },
    run: (context) => {
      const store = host.openBackup(null);
      const choose: View['choose'] = (at, states) => {
        if (states.at(-1)?.type === 'folder') return stateAt(states, moment);
        if (at !== item) return null;
        const state = states.filter(({ start, digest }) => start <= moment && digest !== null).at(-1);
        return state === undefined ? null : [{ ...state, deleted: false, end: null }];
      };
      return restoreView(host, context, store, id, { info: store.accountInfo(id), choose }, true);
    },
  };
}

/** A new Backup Path with what the own one has of the chosen accounts. */
export function exportTo(host: Host, destination: string, domains: readonly string[]): Work {
  host.openBackup(null);
  if (existsSync(destination) && readdirSync(destination).length > 0)
    throw new Refusal(`destination path ${destination} is not empty`);
  const wanted = new Set(domains.map((domain) => domain.toLowerCase()));
  return {
    ...{ name: 'ExternalBackup', descName: 'External Backup', ...base({ destination, domains }) },
    run: async ({ signal, progress }) => {
      const store = host.openBackup(null);
      const { serverId, serverName } = store.marker;
      const createdAt = new Date();
      const writer = BackupPathWriter.create(destination, {
        serverId,
        serverName,
        createdAt,
        durable: false,
      });
      const [infos, lost] = [accountInfos(store), new Map<string, number[]>()];
      let done = 0;
      for (const info of infos) {
        if (signal.aborted) break;
        const live = host.mailboxes.find(info.id);
        // an account whose backup is off is not exported (documented)
        if (info.status === 'deleted' || (live !== undefined && !host.isBackedUp(live))) continue;
        if (wanted.size > 0 && !wanted.has(info.name.slice(info.name.indexOf('@') + 1).toLowerCase()))
          continue;
        const bad = copyAccount(store, writer, info.id, { info, choose: (_item, states) => states });
        if (bad.length > 0) lost.set(info.name, bad);
        progress([['Account exported', `${++done}/${infos.length}`]]);
        await new Promise(setImmediate);
      }
      cpSync(join(store.root, SERVER), join(destination, SERVER), { recursive: true });
      return { stats: [['Exported Accounts', String(done)]], unrestored: lost };
    },
  };
}

const accountInfos = (store: BackupPath): AccountInfo[] =>
  store.accountIds().ids.map((id) => store.accountInfo(id));

/** @param only one account; null: all, and what is gone is marked deleted */
export function scan(host: Host, only: string | null): Work {
  const name = only === null ? 'SmartScan' : 'AccountScan';
  const account = only === null ? null : host.account(only).name;
  return {
    ...{ name, descName: only === null ? 'Smart Scan' : 'Account Scan' },
    ...base({ additionalNotificationAddresses: [], ...(account === null ? { isDeep: false } : { account }) }),
    run: async ({ signal, progress }) => {
      const work = Scan.begin(host);
      const accounts = account === null ? work.accounts() : [host.account(account)];
      for (const [index, one] of accounts.entries()) {
        if (signal.aborted) break;
        work.account(one);
        const { updated, items } = work.counts;
        progress([
          ['Account scanned', `${index + 1}/${accounts.length}`],
          ['Item scanned', String(items)],
          ['Item updated/new/unique', `${updated}/${updated}/${updated}`],
        ]);
        await new Promise(setImmediate);
      }
      if (account === null && !signal.aborted) work.goneAccounts(new Set(accounts.map(({ id }) => id)));
      if (!signal.aborted) work.finish();
      return { stats: statsOf(work.counts, host.backupPath) };
    },
  };
}

/** Finds, repairs nothing. */
export function coherencyCheck(host: Host, path: string): Work {
  host.openBackup(path);
  return {
    ...{ name: 'CoherencyCheck', descName: 'Coherency Check', ...base({ path }) },
    run: async ({ signal }) => {
      const { findings, items, blobs } = await verifyStore(path, { threads: 1, signal });
      const counts = Object.entries(findings).map(([name, count]) => [name, String(count)] as const);
      return { stats: [['checked items', String(items)], ['checked blobs', String(blobs)], ...counts] };
    },
  };
}

/** Retention 0: ends at once (documented). @param days instead of the retention of items; null: that */
export function purge(host: Host, days: number | null): Work {
  const daysOf = (name: string): number => Number(host.properties.get('global', '', name).value);
  return {
    ...{ name: 'Purge', descName: 'Purge', ...base({}), line: 'purge' },
    run: async () => {
      if (!host.backupInitialised)
        throw new Problem('NotABackupPath', `${host.backupPath} is not initialized.`);
      const items = days ?? daysOf('ZxBackup_DataRetentionDays');
      if (items === 0) return { stats: [['retention days', '0']] };
      const retention = { items, accounts: days ?? daysOf('backupAccountsRetentionDays') };
      return { stats: purgeStore(host.openBackup(null), retention, Date.now()) };
    },
  };
}
