import { Problem } from '../../failures';
import { ImapConnection } from '../imap/connection';
import { ImapSessions } from '../imap/sessions';
import { extrasNotHeld, onlyLook } from '../remote/no-provision';
import { readSecret } from '../remote/secrets';
import { placeName } from '../remote/socket';
import { expand, isSame, mailboxTemplate } from '../remote/url';
import type {
  AccountExtras,
  Mailbox,
  MailTarget,
  ProvisionCounts,
  ProvisionPlan,
  TargetAccount,
} from '../target';
import { LmtpLines } from './lines';
import { LookUp } from './look-up';
import { LmtpMailbox } from './mailbox';
import { probe, type LmtpProbe } from './probe';
import { said, type Reply } from './reply';
import { Sender } from './sender';
import type { LmtpOptions } from './url';

const KEEPS_NOTHING =
  'LMTP keeps no folder, flag, tag or date: messages come where the server delivers mail, unread, as received now.';
const CANNOT_LOOK =
  'Nobody can look into the mailboxes (no lookup): what the server answered with 250 counts as restored, though it drops duplicates of a Message-ID with the same answer.';

/** Mailboxes that a server fills over LMTP. Its accounts must be there. */
export class LmtpTarget implements MailTarget {
  readonly kind = 'lmtp';
  readonly id: string;
  // a server keeps no mark of ours; with a lookup each mailbox is recognised by itself (Mailbox.instance)
  readonly instance = 'lmtp';
  readonly path = null;
  readonly description: string;
  readonly settleSeconds?: number;
  readonly #lines: LmtpLines;

  constructor(
    private readonly options: LmtpOptions,
    private readonly secretsDir: string | null,
  ) {
    const { lookup } = options;
    const place = placeName(options);
    // who can be looked into is another target: what nobody could see proves nothing
    const seen = lookup === null ? '' : ` imap://${placeName(lookup)}/${mailboxTemplate(lookup)}`;
    this.id = `lmtp://${place}${seen}`;
    const through = lookup === null ? 'not looked into' : `looked into by IMAP at ${placeName(lookup)}`;
    this.description = `mailboxes behind the LMTP server ${place}, ${through}`;
    if (lookup !== null) this.settleSeconds = lookup.settle;
    this.#lines = new LmtpLines(options);
  }

  async check(): Promise<void> {
    await this.#lines.line();
    if (this.options.lookup === null) return;
    const session = await ImapConnection.open(this.options.lookup);
    await session.logout();
  }

  async freeBytes(): Promise<null> {
    return null;
  }

  async provision(plan: ProvisionPlan): Promise<ProvisionCounts> {
    const counts = await onlyLook(plan, 'LMTP', (account) => this.#require(account));
    const { notes } = counts;
    return { ...counts, notes: [...notes, KEEPS_NOTHING, ...(this.options.lookup ? [] : [CANNOT_LOOK])] };
  }

  async hasAccount(account: TargetAccount): Promise<boolean> {
    return !isUnknown(await this.#ask(account));
  }

  async openMailbox(account: TargetAccount): Promise<Mailbox> {
    const reply = await this.#ask(account);
    if (isUnknown(reply)) throw this.#unknown(account, reply);
    const lookUp = await this.#lookUp(account);
    return new LmtpMailbox(new Sender(this.#lines, account.name, this.options.wait), lookUp);
  }

  async addExtras(_account: TargetAccount, extras: AccountExtras): Promise<string[]> {
    return extrasNotHeld('LMTP', extras);
  }

  async close(): Promise<void> {
    await this.#lines.close();
  }

  /**
   * Tries what a restore needs of an account.
   * @param deliver also a message is delivered, which stays
   */
  async probe(address: string, deliver: boolean): Promise<LmtpProbe> {
    const account = { id: address, name: address };
    await this.#require(account);
    const mailbox = deliver ? await this.openMailbox(account) : null;
    const { capabilities } = await this.#lines.line();
    return probe(address, capabilities, mailbox);
  }

  /** @throws Problem as a restore into this account would */
  async #require(account: TargetAccount): Promise<void> {
    const reply = await this.#ask(account);
    if (isUnknown(reply)) throw this.#unknown(account, reply);
    await (await this.#lookUp(account))?.close();
  }

  async #ask({ name }: TargetAccount): Promise<Reply> {
    if (!/^[\x21-\x7e]+$/.test(name) || /[<>]/.test(name)) {
      throw new Problem('TargetRefused', `The address "${name}" cannot be said in LMTP.`, { account: name });
    }
    return (await this.#lines.line()).ask(name);
  }

  #unknown({ name }: TargetAccount, reply: Reply): Problem {
    const what = `${placeName(this.options)} has no mailbox for ${name} (${said(reply)})`;
    return new Problem('TargetRefused', `${what}.`, { account: name });
  }

  /** @throws Problem `SecretUnusable`, `LoginRefused` */
  async #lookUp({ name }: TargetAccount): Promise<LookUp | null> {
    const { lookup } = this.options;
    if (lookup === null) return null;
    const secret = readSecret(this.secretsDir, expand(lookup.secret, name), isSame(lookup.secret));
    return LookUp.open(new ImapSessions(lookup, name, secret));
  }
}

/** Refused for good, and not because it is full. */
const isUnknown = ({ code, status }: Reply): boolean =>
  code >= 500 && code !== 552 && !status.endsWith('.2.2');
