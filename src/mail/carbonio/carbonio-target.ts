import type {
  AccountExtras,
  Mailbox,
  MailTarget,
  ProvisionCounts,
  ProvisionPlan,
  TargetAccount,
} from '../target';
import type { ProbeResult } from '../imap/probe';
import { addExtras } from './extras';
import { CarbonioMailbox } from './mailbox';
import type { CarbonioOptions } from './options';
import { probe, versionOf } from './probe';
import { lookUp } from './look-in-directory';
import { provision } from './provision';
import { CarbonioClient } from './session';

/** Accounts and mailboxes of a Carbonio server, by SOAP. */
export class CarbonioTarget implements MailTarget {
  readonly kind = 'carbonio';
  readonly id: string;
  // the server keeps no mark of ours; each mailbox is recognised by itself (Mailbox.instance)
  readonly instance = 'carbonio';
  readonly path = null;
  readonly description: string;
  readonly settleSeconds: number;
  readonly #client: CarbonioClient;

  constructor(options: CarbonioOptions, secretsDir: string | null) {
    this.#client = new CarbonioClient(options, secretsDir);
    this.id = `carbonio://${this.#client.place}`;
    this.description = `mailboxes of the Carbonio server ${this.#client.place}`;
    this.settleSeconds = options.settle;
  }

  async check(): Promise<void> {
    await versionOf(this.#client);
  }

  async freeBytes(): Promise<null> {
    return null;
  }

  provision(plan: ProvisionPlan, onProgress: (accounts: number) => void): Promise<ProvisionCounts> {
    return provision(this.#client, plan, onProgress);
  }

  async hasAccount({ name }: TargetAccount): Promise<boolean> {
    return (await lookUp(this.#client, 'GetAccount', 'account', name)) !== null;
  }

  openMailbox({ name }: TargetAccount): Promise<Mailbox> {
    return CarbonioMailbox.open(this.#client.account(name));
  }

  addExtras({ name }: TargetAccount, extras: AccountExtras): Promise<string[]> {
    return addExtras(this.#client.account(name), extras);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  /** Logs in for an address, and appends and removes messages. @throws Problem as a restore would */
  probe(address: string): Promise<ProbeResult> {
    return probe(this.#client, address);
  }
}
