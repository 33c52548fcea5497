/** The invalid items of a report: which they are, how long their lines are, and what a restore of them has left. */
import type { ExternalRestoreRequest } from '../contracts/external-restore';
import type {
  InvalidAccount,
  LongestLine,
  RestoreInvalidItemsInput,
} from '../contracts/restore-invalid-items';
import { Defect } from '../backup-path/defect';
import { isItemId } from '../backup-path/layout';
import { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import { operationDir, type OperationName } from '../host/operation-dir';
import { LineLength } from '../mail/maildir/line-length';
import { isOfHost, readUnrestored, type UnrestoredReport } from '../report/read-unrestored';
import { chosenFile, readChosen, writeChosen } from './chosen';
import { requireSameServer, restoreOf, unrestoredItems } from './retry';

export interface InvalidSurvey {
  readonly items: number;
  readonly accounts: readonly InvalidAccount[];
  /** Null when none is longer than mail may have anyway. */
  readonly longest: LongestLine | null;
  /** Null: the mail host itself restores. */
  readonly target: string | null;
  /** Null: there are no such items. */
  readonly restore: ExternalRestoreRequest | null;
  readonly list: string | null;
}

/** Longest line of mail by RFC 5322, bytes: shorter ones need no look. */
const ORDINARY = 998;
const MOST_ACCOUNTS = 50;
const MOST_IDS = 20;

/** @throws Problem `InvalidInput` for a report that cannot be used, as `openStore` */
export async function surveyInvalid(
  stateDir: string,
  name: OperationName,
  input: RestoreInvalidItemsInput,
): Promise<InvalidSurvey> {
  const report = readUnrestored(stateDir, input.report);
  const sourcePath = input.sourcePath ?? report.source.path;
  requireSameServer(sourcePath, report);
  // 0 stands for what has no id, and such an entry is no item that was refused
  const chosen = new Map(
    [...unrestoredItems(report, ['invalid'])].filter(
      (entry): entry is [string, number[]] => entry[1] !== 'all',
    ),
  );
  let items = 0;
  for (const ids of chosen.values()) items += ids.length;
  if (items === 0) return { items, accounts: [], longest: null, target: null, restore: null, list: null };
  const list = chosenFile(operationDir(stateDir, 'invalid', name));
  writeChosen(list, chosen);
  const { advanced, carbonio } = input;
  const restore = { ...restoreOf(report, { ...input, sourcePath }, list), advanced, carbonio };
  const named = Object.entries(report.accounts).filter(([, { id }]) => chosen.has(id));
  const accounts = named.slice(0, MOST_ACCOUNTS).map(([account, { id }]) => {
    const ids = chosen.get(id) ?? [];
    return { name: account, items: ids.length, ids: ids.slice(0, MOST_IDS) };
  });
  const longest = await longestLine(storeOf(report, sourcePath), report, chosen);
  return { items, accounts, longest, target: restore.target ?? null, restore, list };
}

/** Null for a store that only the mail host can read. */
function storeOf(report: UnrestoredReport, path: string): BackupPath | null {
  try {
    return BackupPath.open(path);
  } catch (error) {
    if (isOfHost(report) && error instanceof Problem && error.type === 'UnknownDialect') return null;
    throw error;
  }
}

async function longestLine(
  store: BackupPath | null,
  report: UnrestoredReport,
  chosen: ReadonlyMap<string, readonly number[]>,
): Promise<LongestLine | null> {
  let longest: LongestLine | null = null;
  for (const [account, { id, unrestored }] of Object.entries(report.accounts)) {
    const wanted = new Set(chosen.get(id));
    for (const { item, reason } of unrestored.filter((one) => wanted.has(one.item))) {
      const isReadable = store !== null && isItemId(String(item));
      const read = isReadable ? await lineOf(store, id, item) : null;
      // what cannot be read now was read when the report was written
      const bytes = read ?? Number(/\bline of (\d{1,12}) bytes/.exec(reason ?? '')?.[1] ?? 0);
      if (bytes > (longest?.bytes ?? 0)) longest = { bytes, account, item };
    }
  }
  return longest;
}

/** Bytes of the longest line of an item; null when it cannot be read. */
async function lineOf(store: BackupPath, account: string, item: number): Promise<number | null> {
  try {
    const digest = store.itemById(account, item).at(-1)?.digest ?? null;
    if (digest === null) return null;
    const blob = await store.blobs.load(digest);
    const lines = new LineLength(ORDINARY);
    if (blob.kind === 'memory') lines.add(blob.bytes);
    else for await (const chunk of blob.open()) lines.add(chunk as Buffer);
    return lines.tooLong;
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    return null;
  }
}

export interface InvalidLeft {
  readonly unrestored: number;
  /** Of these, refused once more. */
  readonly stillInvalid: number;
  /** By account id: those that are in the target now. */
  readonly restored: ReadonlyMap<string, ReadonlySet<number>>;
}

/**
 * What of the listed items the report of their restore still names.
 * @throws Problem `InvalidInput` for a report that cannot be read, `StateUnavailable` for such a list
 */
export function leftOf(list: string, reportDir: string): InvalidLeft {
  const { accounts } = readUnrestored('', reportDir);
  const byId = new Map(Object.values(accounts).map(({ id, unrestored }) => [id, unrestored]));
  const restored = new Map<string, Set<number>>();
  let [unrestored, stillInvalid] = [0, 0];
  for (const [id, items] of readChosen(list)) {
    const found = byId.get(id);
    const left = new Map(found?.map((finding) => [finding.item, finding.class]));
    const all = items === 'all' ? [] : items;
    // of an account that is not in the report nothing is known to be done
    const isLeft = (item: number): boolean => found === undefined || left.has(item);
    restored.set(id, new Set(all.filter((item) => !isLeft(item))));
    unrestored += all.filter(isLeft).length;
    stillInvalid += all.filter((item) => left.get(item) === 'invalid').length;
  }
  return { unrestored, stillInvalid, restored };
}
