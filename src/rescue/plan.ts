/** Which items are to be rescued, and where to. */
import { join } from 'node:path';
import { findAccounts } from '../backup-path/find-account';
import type { BackupPath } from '../backup-path/store';
import { walkItems } from '../backup-path/walk';
import type { RescueItemsInput } from '../contracts/rescue-items';
import { Problem } from '../failures';
import { operationDir, type OperationName } from '../host/operation-dir';
import { ITEM_CLASSES } from '../report/model';
import { isOfHost, readUnrestored } from '../report/read-unrestored';
import { chosenFile, writeChosen, type Chosen } from '../restore/chosen';
import { refuseOverlap } from '../restore/preflight';
import { requireSameServer, unrestoredItems } from '../restore/retry';
import { openStore } from '../restore/session';
import type { RescuePlan } from './model';

/** @throws Problem `InvalidInput`, `AccountNotFound`, `TargetInsideSource`, as `openStore` */
export function planRescue(stateDir: string, name: OperationName, input: RescueItemsInput): RescuePlan {
  const report = input.report === undefined ? null : readUnrestored(stateDir, input.report);
  const sourcePath = input.sourcePath ?? report?.source.path ?? '';
  const store = openStore(sourcePath, false);
  if (report) requireSameServer(sourcePath, report);
  if (report && isOfHost(report) && input.inject && input.target === undefined) {
    const what =
      'target: the mail host itself had restored, and it takes no single items. Name a target, or leave inject out.';
    throw new Problem('InvalidInput', what, { field: 'target' });
  }
  const dir = operationDir(stateDir, 'rescues', name);
  const outputDir = input.outputDir ?? join(dir, 'rescued');
  // nothing is ever written into a source
  refuseOverlap(store, { target: outputDir, state: stateDir });
  const chosen = report ? listed(store, unrestoredItems(report, ITEM_CLASSES)) : named(store, input.items);
  let items = 0;
  for (const ids of chosen.values()) items += ids.length;
  if (items === 0)
    throw new Problem('InvalidInput', 'There is nothing to rescue: no item is listed.', { field: 'report' });
  writeChosen(chosenFile(dir), chosen);
  const target = input.target ?? report?.options?.target ?? report?.target.url ?? null;
  return { sourcePath, serverId: store.marker.serverId, items, dir, outputDir, target };
}

/** In place of whole accounts, what can be listed of them. */
function listed(store: BackupPath, chosen: Chosen): Map<string, readonly number[]> {
  return new Map([...chosen].map(([id, items]) => [id, items === 'all' ? allItems(store, id) : items]));
}

function allItems(store: BackupPath, accountId: string): number[] {
  const ids = [];
  for (const entry of walkItems(store, accountId)) if (entry.kind === 'item') ids.push(entry.id);
  return ids;
}

function named(store: BackupPath, lists: RescueItemsInput['items']): Map<string, readonly number[]> {
  const chosen = new Map<string, readonly number[]>();
  const found = findAccounts(
    store,
    lists.map(({ account }) => account),
  );
  for (const [at, { id }] of found.entries())
    chosen.set(id, [...new Set([...(chosen.get(id) ?? []), ...(lists[at]?.items ?? [])])]);
  return chosen;
}
