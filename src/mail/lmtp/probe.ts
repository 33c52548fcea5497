/** Tries an LMTP server with a message of its own. */
import { randomBytes } from 'node:crypto';
import { Problem } from '../../failures';
import type { Mailbox } from '../target';

export interface LmtpProbe {
  readonly account: string;
  readonly capabilities: readonly string[];
  /** `none`: no message was sent; `seen`: it is in the mailbox; `accepted`: the server took it, and nobody can look. */
  readonly delivered: 'none' | 'accepted' | 'seen';
}

/** @param mailbox closed here; null: nothing is delivered */
export async function probe(
  account: string,
  capabilities: ReadonlySet<string>,
  mailbox: Mailbox | null,
): Promise<LmtpProbe> {
  const result = { account, capabilities: [...capabilities].sort() };
  if (mailbox === null) return { ...result, delivered: 'none' };
  try {
    await mailbox.announce?.(['INBOX'], () => undefined);
    const message = { itemId: 1, key: '', folder: 'INBOX', flags: '', tags: [], date: Date.now() };
    await mailbox.deliver({ ...message, content: { kind: 'memory', bytes: text(account) } });
    const outcome = (await mailbox.commit(() => undefined))?.get(1);
    if (outcome !== undefined && outcome.kind !== 'accepted') {
      throw new Problem('TargetRefused', `The message for ${account} was not delivered: ${outcome.reason}.`);
    }
    return { ...result, delivered: mailbox.canLook === false ? 'accepted' : 'seen' };
  } finally {
    await mailbox.close();
  }
}

function text(account: string): Buffer {
  // random: a known Message-ID would be dropped
  const id = randomBytes(12).toString('hex');
  const lines = [
    'From: Lifeboat <lifeboat@localhost>',
    `To: <${account}>`,
    'Subject: Lifeboat tries this mailbox',
    `Message-ID: <${id}@lifeboat.invalid>`,
    'Auto-Submitted: auto-generated',
  ];
  return Buffer.from([...lines, '', 'This message may be deleted.', ''].join('\r\n'));
}
