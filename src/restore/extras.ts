/** Phase 3: mountpoints, shares and data sources, once every folder is there. */
import { Defect } from '../backup-path/defect';
import type { AccountInfo } from '../backup-path/model';
import { Problem } from '../failures';
import type { TotalsRow } from '../ledger/model';
import { isMailboxAway } from '../mail/target';
import { patienceMs } from './put-off';
import type { Session } from './session';
import { isRefusal } from './slice';

/** Accounts between two marks of progress on the disk. */
const PAGE = 100;

/**
 * Goes on behind the last page that was done; doing a page twice changes nothing. Accounts whose mailbox is away come
 * behind all others, and are left without when that lasts too long.
 *
 * @throws Problem `TargetUnavailable` while one is waited for
 */
export async function restoreExtras(
  session: Session,
  onProgress: (accounts: number) => void,
  shouldStop: () => boolean,
): Promise<boolean> {
  const { operation } = session;
  let seq = operation.totals().extrasNext;
  for (const [next] of operation.allWork(seq)) {
    if (shouldStop()) return false;
    const away = await extrasOf(session, next);
    seq = next + 1;
    if (away !== null) {
      const later = { seq: next, since: Date.now() };
      mark(session, { extrasNext: seq, extrasLater: [...laterOf(session), later] });
    } else if (seq % PAGE === 0) {
      mark(session, { extrasNext: seq });
      onProgress(seq);
    }
  }
  mark(session, { extrasNext: seq });
  return askAgain(session, shouldStop);
}

/** Each is asked once; one that is still away is asked by the next attempt. */
async function askAgain(session: Session, shouldStop: () => boolean): Promise<boolean> {
  const { operation, request, target } = session;
  let waitsFor: Problem | null = null;
  for (const { seq, since } of laterOf(session)) {
    if (shouldStop()) return false;
    const away = await extrasOf(session, seq);
    if (away !== null) {
      const lasted = Date.now() - since;
      const isShared = laterOf(session).length > 1 && (operation.totals().extrasTaken ?? 0) < since;
      if (lasted < patienceMs(request.input.advanced.patienceSeconds, isShared)) {
        waitsFor ??= away;
        continue;
      }
      // throws when it is the server as a whole
      await target.check();
      const text = `Its shares and data sources are not restored. ${away.message} It has been so for ${Math.round(lasted / 1000)} s.`;
      operation.transaction(() => operation.putNote(seq, { item: 0, text }));
    }
    mark(session, { extrasLater: laterOf(session).filter((later) => later.seq !== seq) });
  }
  if (waitsFor !== null) throw waitsFor;
  return true;
}

const laterOf = ({ operation }: Session): NonNullable<TotalsRow['extrasLater']> =>
  operation.totals().extrasLater ?? [];

function mark({ operation }: Session, change: Partial<TotalsRow>): void {
  operation.transaction(() => operation.putTotals({ ...operation.totals(), ...change }));
}

/** Null when it is done; why its mailbox cannot be reached. */
async function extrasOf(session: Session, seq: number): Promise<Problem | null> {
  const { ledger, operation, target, request, view } = session;
  // a part of a mailbox that is there brings nothing of the account
  if (view.account !== null && view.as === null) return null;
  const work = operation.work(seq);
  if (work.excluded !== null || work.defect !== null) return null;
  const info = infoOf(session, work.id);
  if (info === null) return null;
  const mountpoints = operation.mountpoints(seq);
  const dataSources = request.input.restoreDatasource ? info.dataSources : [];
  // who was let into the old account was not let into the new one
  const shares = view.as === null ? info.shares : [];
  if (mountpoints.length + shares.length + dataSources.length === 0) return null;
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
      if (isMailboxAway(error, work.name)) return error;
      if (!isRefusal(error)) throw error;
      await target.check();
      return [error.message];
    });
  if (answers instanceof Problem) return answers;
  if (laterOf(session).length > 0) mark(session, { extrasTaken: Date.now() });
  if (answers.length > 0) {
    operation.transaction(() => operation.putNote(seq, { item: 0, text: answers.join(' ') }));
  }
  return null;
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
