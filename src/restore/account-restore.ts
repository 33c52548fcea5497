/**
 * Restores the items of one account, from where an earlier attempt stopped.
 *
 * The order of each batch is what exactly-once rests on: intents (on disk), deliver, make visible, then `done`
 * together with the counters, the cursor and the intents of the next batch (on disk). Whatever dies in between leaves intents without `done`; the
 * next attempt looks exactly these up in the target.
 */
import type { BackupPath } from '../backup-path/store';
import type { Cursor, WalkEntry } from '../backup-path/walk';
import type { AccountLedger } from '../ledger/account-ledger';
import type { OperationLedger } from '../ledger/operation-ledger';
import type { Mailbox } from '../mail/target';
import type { Classifier, ItemRules } from './classify';
import { bringAgain } from './again';
import { Deliverer } from './deliver';
import { enumerate, keepKnown, settleDoubts } from './doubts';
import { FolderResolver } from './folders';
import { itemKeyOf } from './item-key';
import { itemAsSent } from './measured';
import { Matches } from './matches';
import { ReadAhead, type ReadBatch } from './read-ahead';
import { recordBatch, type Batch } from './record';
import type { SourceGuard } from './source-guard';
import type { View } from './view';

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

type Brought = Pick<Batch, 'outcomes' | 'notBegun' | 'done'>;

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
  const sent = (item: number) => itemAsSent(env.store, work.id, item, view);
  const settled = await settleDoubts(ledger, mailbox, keyOf, sent, note);
  if (settled === null) return false;
  const matches = new Matches(ledger);
  const deliverer = new Deliverer(env, work.id, mailbox, folders, keyOf, ledger, matches);
  const classifier: Classifier = {
    store: env.store,
    rules: env.rules,
    view,
    operation: env.operation.number,
    ledger,
    matches,
    accepts: (type) => mailbox.accepts(type),
    canLook: mailbox.canLook !== false,
    unread: settled.unread,
    tried: new Map(),
  };
  // before it is asked whether the time is up: what was looked for would be forgotten
  const tried = await bringAgain(env, seq, settled, { ledger, classifier, deliverer, matches, notes });
  if (tried === null || env.shouldStop(env.guard.streak > 0)) return false;
  const ahead = new ReadAhead(env.walk(work.id, env.operation.work(seq).cursor), { ...classifier, tried });
  try {
    return await bringAll(env, seq, { ledger, mailbox, matches, deliverer, ahead, notes });
  } finally {
    await ahead.abandon();
  }
}

interface Parts {
  readonly ledger: AccountLedger;
  readonly mailbox: Mailbox;
  readonly matches: Matches;
  readonly deliverer: Deliverer;
  readonly ahead: ReadAhead;
  /** Not recorded yet. */
  readonly notes: { item: number; text: string }[];
}

/**
 * Batch by batch. While the target has one, the next is read; the transaction that ends one writes the intents of the
 * next.
 */
async function bringAll(env: SliceEnv, seq: number, parts: Parts): Promise<boolean> {
  const { operation, lane, guard } = env;
  const { ledger, mailbox, matches, deliverer, ahead, notes } = parts;
  const record = (brought: Brought, next: () => void): void => {
    const { outcomes } = brought;
    recordBatch(
      { ...brought, operation, lane, seq, ledger, notes: notes.splice(0), streak: guard.streak },
      next,
    );
    matches.recorded(outcomes);
    env.onProgress();
  };
  let brought: Brought | null = null;
  /** What is brought and not recorded, whatever becomes of the next. */
  const keep = (error: unknown): never => {
    if (brought !== null) record(brought, () => undefined);
    throw error;
  };
  let read = ahead.next();
  for (;;) {
    const { batch, done, ready }: ReadBatch = await read.catch(keep);
    const intents = batch.filter(({ kind }) => kind === 'deliver');
    const traces = await deliverer.traces(batch).catch(keep);
    const begin = (): void =>
      intents.forEach(({ item }) => ledger.markIntent(item, operation.number, traces.get(item)));
    if (brought !== null) record(brought, begin);
    else if (intents.length > 0) ledger.write(begin);
    if (!done) read = ahead.next();
    const since = Date.now();
    const outcomes = await deliverer.bring(batch, ready).catch(async (error: unknown) => {
      await keepKnown(ledger, mailbox, intents, operation.number);
      throw error;
    });
    ahead.took(Date.now() - since, intents.length);
    // the others were not begun, and are when the account is taken up again
    const isWhole = outcomes.length === batch.length;
    const notBegun = batch.slice(outcomes.length).filter(({ kind }) => kind === 'deliver');
    brought = { outcomes, notBegun, done: done && isWhole };
    if (done || !isWhole || env.shouldStop(guard.streak > 0)) {
      record(brought, () => undefined);
      return brought.done;
    }
  }
}
