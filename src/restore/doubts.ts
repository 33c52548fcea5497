/** Asking the target what the ledger does not know. */
import { Defect, nullWhenInterrupted } from '../backup-path/defect';
import type { AccountLedger } from '../ledger/account-ledger';
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

export interface Settled {
  /** They stay in doubt until their content can be read. */
  readonly unread: ReadonlyMap<number, Defect>;
  /** They are not there. Their intents go with the transaction that writes those of the next batch. */
  readonly missing: readonly number[];
}

/**
 * Items with an intent and no `done`: those that are there become done, the others are free to be injected. Where
 * nobody can look they stay in doubt, and are never sent again (classify.ts); so do those whose content cannot be read
 * now.
 * @returns null when it was asked to stop before the end: nothing is settled then
 */
export async function settleDoubts(
  ledger: AccountLedger,
  mailbox: Mailbox,
  keyOf: (item: number) => string,
  sentOf: (item: number) => Promise<SentMessage | null>,
  note: (item: number, text: string) => void,
): Promise<Settled | null> {
  const unread = new Map<number, Defect>();
  const doubts = ledger.doubts();
  if (doubts.length === 0 || mailbox.canLook === false) return { unread, missing: [] };
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
  const found = await mailbox.findDelivered(messages, note).catch(nullWhenInterrupted);
  if (found === null) return null;
  ledger.write(() => {
    for (const { item, operation } of doubts) {
      if (found.has(item)) ledger.markDone(item, operation);
    }
  });
  const missing = doubts.map(({ item }) => item).filter((item) => !found.has(item) && !unread.has(item));
  return { unread, missing };
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
