/**
 * Restores the items of one account, from where an earlier attempt stopped.
 *
 * The order of each batch is what exactly-once rests on: intents (on disk), deliver, make visible, then `done`
 * together with the counters and the cursor (on disk). Whatever dies in between leaves intents without `done`; the
 * next attempt looks exactly these up in the target.
 */
import type { BackupPath } from '../backup-path/store';
import type { Cursor, WalkEntry } from '../backup-path/walk';
import type { AccountLedger } from '../ledger/account-ledger';
import type { OperationLedger } from '../ledger/operation-ledger';
import type { Mailbox } from '../mail/target';
import { classify, type Candidate, type Classifier, type ItemRules } from './classify';
import { Deliverer } from './deliver';
import { enumerate, keepKnown, settleDoubts } from './doubts';
import { FolderResolver } from './folders';
import { itemKeyOf } from './item-key';
import { contentOfItem } from './measured';
import { recordBatch } from './record';
import type { SourceGuard } from './source-guard';
import type { View } from './view';

/** What a kill redoes at most, beside what is in flight: so many items, or so many bytes. */
const BATCH_ITEMS = 256;
const BATCH_BYTES = 32 * 1024 * 1024;
/** Where nobody can look, all of a batch that a death interrupts is reported as doubtful: so few then. */
const BATCH_UNSEEN = 16;
const MADE_ANEW =
  'its mailbox in the target was made anew meanwhile: everything was restored from the beginning';

export interface SliceEnv {
  readonly store: BackupPath;
  readonly operation: OperationLedger;
  readonly lane: number;
  readonly rules: ItemRules;
  readonly view: View;
  readonly reportDir: string;
  readonly saveInvalid: boolean;
  /** The metadata files of an account that are restored, behind a cursor. */
  readonly walk: (accountId: string, after: Cursor) => Generator<WalkEntry>;
  readonly guard: SourceGuard;
  /** Called after every batch. */
  readonly onProgress: () => void;
  /**
   * True when the attempt should end at the next item boundary. While failures are `uncertain` it does not end because
   * its time is up: slow failures would otherwise never add up to a source that went away.
   */
  readonly shouldStop: (uncertain: boolean) => boolean;
}

/** @returns true when the account is done, false when it was stopped before */
export async function restoreAccount(
  env: SliceEnv,
  seq: number,
  ledger: AccountLedger,
  mailbox: Mailbox,
): Promise<boolean> {
  const work = env.operation.work(seq);
  const { view } = env;
  const keyOf = (item: number): string => itemKeyOf(env.store.marker.serverId, work.id, item, view.folder);
  await mailbox.cleanLeftovers((item, key) => key === keyOf(item));
  if (mailbox.instance !== undefined) {
    // what was brought before the cursor went with the old one
    ledger.recognise(mailbox.instance, () => env.operation.startAgain(seq, MADE_ANEW));
  }
  const notes: { item: number; text: string }[] = [];
  const note = (item: number, text: string): void => void notes.push({ item, text });
  const folders = new FolderResolver(env.store, work.id, mailbox, ledger, note, view);
  if (!ledger.enumerated) await enumerate(ledger, mailbox, keyOf, env.onProgress, await folders.onlyFolder());
  const content = (item: number) => contentOfItem(env.store, work.id, item, view);
  const unread = await settleDoubts(ledger, mailbox, keyOf, content);
  if (unread === null) return false;
  const deliverer = new Deliverer(env, work.id, mailbox, folders, keyOf, ledger);
  const classifier: Classifier = {
    store: env.store,
    rules: env.rules,
    view,
    operation: env.operation.number,
    ledger,
    accepts: (type) => mailbox.accepts(type),
    canLook: mailbox.canLook !== false,
    unread,
  };
  const walk = env.walk(work.id, env.operation.work(seq).cursor);
  for (;;) {
    if (env.shouldStop(env.guard.streak > 0)) return false;
    const { batch, done } = takeBatch(walk, classifier);
    // a store that went away looks like an account without items
    if (done) env.store.assertThere();
    const intents = batch.filter(({ kind }) => kind === 'deliver');
    const traces = await deliverer.traces(batch);
    if (intents.length > 0) {
      ledger.write(() =>
        intents.forEach(({ item }) => ledger.markIntent(item, env.operation.number, traces.get(item))),
      );
    }
    const outcomes = await deliverer.bring(batch).catch(async (error: unknown) => {
      await keepKnown(ledger, mailbox, intents, env.operation.number);
      throw error;
    });
    // the others were not begun, and are when the account is taken up again
    const isWhole = outcomes.length === batch.length;
    const { operation, lane, guard } = env;
    recordBatch({
      operation,
      lane,
      seq,
      ledger,
      outcomes,
      notBegun: batch.slice(outcomes.length).filter(({ kind }) => kind === 'deliver'),
      notes: notes.splice(0),
      done: done && isWhole,
      streak: guard.streak,
    });
    env.onProgress();
    if (!isWhole) return false;
    if (done) return true;
  }
}

function takeBatch(
  walk: Generator<WalkEntry>,
  classifier: Classifier,
): { batch: Candidate[]; done: boolean } {
  const batch: Candidate[] = [];
  const matched = new Map<string, number>();
  let bytes = 0;
  let injections = 0;
  const most = classifier.canLook ? BATCH_ITEMS : BATCH_UNSEEN;
  while (batch.length < BATCH_ITEMS && injections < most && bytes < BATCH_BYTES) {
    const next = walk.next();
    if (next.done) return { batch, done: true };
    const candidate = classify(classifier, matched, next.value);
    if (candidate.kind === 'deliver' || candidate.kind === 'save') bytes += candidate.state.size;
    if (candidate.kind === 'deliver') injections++;
    batch.push(candidate);
  }
  return { batch, done: false };
}
