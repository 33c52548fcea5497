/** Phase 3: mountpoints, shares and data sources, once every folder is there. */
import { Defect } from '../backup-path/defect';
import type { AccountInfo } from '../backup-path/model';
import type { Session } from './session';
import { isRefusal } from './slice';

/** Accounts between two marks of progress on the disk. */
const PAGE = 100;

/** Goes on behind the last page that was done; doing a page twice changes nothing. */
export async function restoreExtras(
  session: Session,
  onProgress: (accounts: number) => void,
  shouldStop: () => boolean,
): Promise<boolean> {
  const { operation } = session;
  let seq = operation.totals().extrasNext;
  for (const [next] of operation.allWork(seq)) {
    if (shouldStop()) return false;
    await extrasOf(session, next);
    seq = next + 1;
    if (seq % PAGE === 0) {
      mark(session, seq);
      onProgress(seq);
    }
  }
  mark(session, seq);
  return true;
}

function mark({ operation }: Session, extrasNext: number): void {
  operation.transaction(() => operation.putTotals({ ...operation.totals(), extrasNext }));
}

async function extrasOf(session: Session, seq: number): Promise<void> {
  const { ledger, operation, target, request, view } = session;
  // a part of a mailbox that is there brings nothing of the account
  if (view.account !== null && view.as === null) return;
  const work = operation.work(seq);
  if (work.excluded !== null || work.defect !== null) return;
  const info = infoOf(session, work.id);
  if (info === null) return;
  const mountpoints = operation.mountpoints(seq);
  const dataSources = request.input.restoreDatasource ? info.dataSources : [];
  // who was let into the old account was not let into the new one
  const shares = view.as === null ? info.shares : [];
  if (mountpoints.length + shares.length + dataSources.length === 0) return;
  const folderOf = (id: number): string =>
    ledger.folderOf(operation.row().scope, work.account, id) ?? String(id);
  const answers = await target
    .addExtras(
      { id: work.id, name: work.name },
      {
        mountpoints,
        dataSources,
        shares: shares.map((share) => ({ ...share, folder: folderOf(share.folderId) })),
      },
    )
    .catch(async (error: unknown) => {
      if (!isRefusal(error)) throw error;
      await target.check();
      return [error.message];
    });
  if (answers.length > 0) {
    operation.transaction(() => operation.putNote(seq, { item: 0, text: answers.join(' ') }));
  }
}

function infoOf({ store }: Session, accountId: string): AccountInfo | null {
  try {
    return store.accountInfo(accountId);
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    return null;
  }
}
