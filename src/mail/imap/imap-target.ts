import { extrasNotHeld, onlyLook } from '../remote/no-provision';
import { placeName } from '../remote/socket';
import { readSecret } from '../remote/secrets';
import { expand, isSame, mailboxTemplate, type RemoteOptions } from '../remote/url';
import type {
  AccountExtras,
  Mailbox,
  MailTarget,
  ProvisionCounts,
  ProvisionPlan,
  TargetAccount,
} from '../target';
import { ImapConnection } from './connection';
import { ImapMailbox } from './mailbox';
import { probe, type ProbeResult } from './probe';
import { ImapSessions } from './sessions';

/** Mailboxes of an IMAP server. Its accounts must be there. */
export class ImapTarget implements MailTarget {
  readonly kind = 'imap';
  readonly id: string;
  // a server keeps no mark of ours; each mailbox is recognised by itself (Mailbox.instance)
  readonly instance = 'imap';
  readonly path = null;
  readonly description: string;
  readonly settleSeconds: number;

  constructor(
    private readonly options: RemoteOptions,
    private readonly secretsDir: string | null,
  ) {
    this.id = `imap://${placeName(options)}/${mailboxTemplate(options)}`;
    this.description = `mailboxes of the IMAP server ${placeName(options)}`;
    this.settleSeconds = options.settle;
  }

  async check(): Promise<void> {
    const session = await ImapConnection.open(this.options);
    await session.logout();
  }

  async freeBytes(): Promise<null> {
    return null;
  }

  async provision(plan: ProvisionPlan): Promise<ProvisionCounts> {
    return onlyLook(plan, 'IMAP', async (account) => {
      const sessions = this.sessions(account);
      try {
        await sessions.control();
      } finally {
        await sessions.close();
      }
    });
  }

  /** @throws Problem `LoginRefused`: that may be for the secret as well */
  async hasAccount(account: TargetAccount): Promise<boolean> {
    const sessions = this.sessions(account);
    try {
      await sessions.control();
      return true;
    } finally {
      await sessions.close();
    }
  }

  async openMailbox(account: TargetAccount): Promise<Mailbox> {
    return ImapMailbox.open(this.sessions(account));
  }

  async addExtras(_account: TargetAccount, extras: AccountExtras): Promise<string[]> {
    return extrasNotHeld('IMAP', extras);
  }

  async close(): Promise<void> {
    // Connections belong to mailboxes.
  }

  /** Logs in for an address, and appends and removes a message. @throws Problem as a restore would */
  async probe(address: string): Promise<ProbeResult> {
    return probe(this.sessions({ name: address }), address);
  }

  /** @throws Problem `SecretUnusable` */
  private sessions({ name }: Pick<TargetAccount, 'name'>): ImapSessions {
    const { secret } = this.options;
    const password = readSecret(this.secretsDir, expand(secret, name), isSame(secret));
    return new ImapSessions(this.options, name, password);
  }
}
