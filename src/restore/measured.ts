/** The content of a message on its way to the target, with a look at its lines in passing. */
import { Transform, type Readable } from 'node:stream';
import type { Blob } from '../backup-path/blob';
import { Defect } from '../backup-path/defect';
import type { BackupPath } from '../backup-path/store';
import { hasLongLine, LONGEST_LINE } from '../backup-path/verify-lines';
import { LineLength } from '../mail/maildir/line-length';
import type { ItemState } from '../backup-path/model';
import type { MessageContent, SentMessage } from '../mail/target';
import { takenState, type View } from './view';

export const contentOf = (blob: Blob): MessageContent =>
  blob.kind === 'memory' ? { kind: 'memory', bytes: blob.bytes } : blob;

/**
 * `longest`: bytes of the longest line that Carbonio would refuse, 0 when there is none; of a large message only once
 * the target has read it. That is a prediction: the target decides.
 */
export function measured(blob: Blob): { of: MessageContent; longest: () => number } {
  if (blob.kind === 'memory') {
    const { bytes } = blob;
    return { of: contentOf(blob), longest: () => (hasLongLine(bytes) ? longestIn(bytes) : 0) };
  }
  let lines = new LineLength(LONGEST_LINE);
  const open = (): Readable => {
    const mine = (lines = new LineLength(LONGEST_LINE));
    const gauge = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        mine.add(chunk);
        done(null, chunk);
      },
    });
    const source = blob.open();
    source.on('error', (error) => gauge.destroy(error));
    gauge.on('close', () => source.destroy());
    return source.pipe(gauge);
  };
  return { of: { kind: 'stream', size: blob.size, open }, longest: () => lines.tooLong };
}

/** What was deleted comes back without the mark. */
export const sentFlags = ({ deleted, flags }: ItemState): string =>
  deleted ? flags.replaceAll('x', '') : flags;

export const sentDate = ({ date, start }: ItemState): number => date || start;

/**
 * An item as it is restored; null when it has no content, or a broken one: what is broken was never sent.
 * @throws Defect when it cannot be read: that says nothing of what was sent
 */
export async function itemAsSent(
  store: BackupPath,
  accountId: string,
  item: number,
  view: View,
): Promise<SentMessage | null> {
  try {
    const state = takenState(view, store.itemById(accountId, item));
    if (state === null || state.digest === null) return null;
    const content = contentOf(await store.blobs.load(state.digest));
    return { content, flags: sentFlags(state), tags: state.tags, date: sentDate(state) };
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    if (error.kind === 'broken') return null;
    store.assertThere();
    throw error;
  }
}

function longestIn(bytes: Buffer): number {
  const lines = new LineLength(LONGEST_LINE);
  lines.add(bytes);
  return lines.tooLong;
}
