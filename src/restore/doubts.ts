/** Asking the target what the ledger does not know. */
import { Defect, nullWhenInterrupted } from '../backup-path/defect';
import type { AccountLedger } from '../ledger/account-ledger';
import type { Doubt } from '../ledger/model';
import type { Mailbox, SentMessage } from '../mail/target';

const PAGE = 2_000;

/**
 * Lists the mailbox once, before the first injection: messages that we delivered (the ledger was lost) by their
 * name, every other by its digest. Where everything goes into one `folder`, only that is listed. Without this, a second run without a ledger would double everything.
 */
export async function enumerate(
  ledger: AccountLedger,
  mailbox: Mailbox,
  keyOf: (item: number) => string,
  onAlive: () => void,
  folder: string | null,
): Promise<void> {
  ledger.startEnumeration();
  let digests: string[] = [];
  let own: number[] = [];
  const flush = (): void => {
    if (digests.length + own.length > 0) ledger.addFound(digests, own);
    digests = [];
    own = [];
  };
  for await (const message of mailbox.existing(onAlive, folder ?? undefined)) {
    if (message.kind === 'other') digests.push(message.digest);
    else if (message.key === keyOf(message.itemId)) own.push(message.itemId);
    if (digests.length + own.length >= PAGE) flush();
  }
  flush();
  ledger.finishEnumeration();
}

/** What became of items with an intent and no `done`. Nothing of it is written yet. */
export interface Settled {
  /** They are there. */
  readonly found: readonly Doubt[];
  /** They are not there. */
  readonly missing: ReadonlySet<number>;
  /** They stay in doubt until their content can be read, and are never sent again (classify.ts). */
  readonly unread: ReadonlyMap<number, Defect>;
}

/**
 * Looks for what is in doubt. All of a batch is written at once (again.ts): of messages that are the same, one that is
 * there would else be taken for the other by the next attempt. Where nobody can look all stay in doubt.
 * @returns null when it was asked to stop before the end
 */
export async function settleDoubts(
  ledger: AccountLedger,
  mailbox: Mailbox,
  keyOf: (item: number) => string,
  sentOf: (item: number) => Promise<SentMessage | null>,
  note: (item: number, text: string) => void,
): Promise<Settled | null> {
  const unread = new Map<number, Defect>();
  const doubts = mailbox.canLook === false ? [] : ledger.doubts();
  if (doubts.length === 0) return { found: [], missing: new Set(), unread };
  const messages = doubts.map(({ item, trace }) => ({
    itemId: item,
    key: keyOf(item),
    trace,
    sent: () =>
      sentOf(item).catch((error: unknown) => {
        if (!(error instanceof Defect)) throw error;
        unread.set(item, error);
        return null;
      }),
  }));
  const there = await mailbox.findDelivered(messages, note).catch(nullWhenInterrupted);
  if (there === null) return null;
  const others = doubts.map(({ item }) => item).filter((item) => !there.has(item) && !unread.has(item));
  return { found: doubts.filter(({ item }) => there.has(item)), missing: new Set(others), unread };
}

/** Of a delivery that failed half-way, where nobody can look later: what is certain is settled now. */
export async function keepKnown(
  ledger: AccountLedger,
  mailbox: Mailbox,
  intents: readonly { readonly item: number }[],
  operation: number,
): Promise<void> {
  if (mailbox.canLook !== false || !mailbox.partlyKnown) return;
  const { taken, unanswered } = await mailbox.partlyKnown();
  ledger.write(() => {
    for (const { item } of intents) {
      if (taken.has(item)) ledger.markDone(item, operation);
      else if (!unanswered.has(item)) ledger.dropIntent(item);
    }
  });
}
