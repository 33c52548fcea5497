/** Phase 1 in a directory: what is missing is added to files that Dovecot, Postfix and people can read. */
import { setImmediate as pause } from 'node:timers/promises';
import type { ProvisionAccount, ProvisionCounts, ProvisionPlan } from '../target';
import { accountPlace, safeDomain, show } from './address';
import {
  accountFileIsForeign,
  accountIsThere,
  makeAccountDirectories,
  syncDirectories,
  writeAccountFiles,
} from './account-file';
import type { AccountRecord } from './account-file';
import { AddressFile } from './addresses';
import { DomainFolders } from './domain-folders';
import { cleanTemporary } from './durable';
import type { Owner } from './durable';
import { Missing } from './missing';
import { Passwd } from './passwd';
import { ProvisionJournal } from './provision-journal';
import { Registry } from './registry';
import { Problem } from '../../failures';

const SHARED_FILES = ['passwd', 'aliases', 'lists', 'domains.json', 'coses.json'];
const MOST_NOTES = 1000;
/** Accounts that are put on disk together. */
const BATCH = 256;

/**
 * Adds what the plan has and the target lacks. Nothing that is there is changed, except the accounts when
 * `overwriteAccounts` says so. May be interrupted anywhere and run again.
 *
 * @throws Problem DomainMissing or AccountMissing, naming up to 20, when these are not to be made
 */
export async function provision(
  directory: string,
  owner: Owner,
  plan: ProvisionPlan,
  onProgress: (accounts: number) => void,
): Promise<ProvisionCounts> {
  const run = new Provisioning(directory, owner, plan);
  try {
    return await run.run(onProgress);
  } finally {
    run.close();
  }
}

class Provisioning {
  readonly #counts: ProvisionCounts = {
    domains: 0,
    coses: 0,
    lists: 0,
    accounts: 0,
    aliases: 0,
    existing: 0,
    notes: [],
  };
  readonly #note = (text: string): void => {
    if (this.#counts.notes.length < MOST_NOTES) this.#counts.notes.push(text);
  };
  readonly #domains: DomainFolders;
  readonly #passwd: Passwd;
  readonly #aliases: AddressFile;
  readonly #journal: ProvisionJournal;

  constructor(
    private readonly directory: string,
    private readonly owner: Owner,
    private readonly plan: ProvisionPlan,
  ) {
    cleanTemporary(directory, SHARED_FILES);
    this.#domains = new DomainFolders(directory, owner);
    this.#passwd = new Passwd(directory);
    this.#aliases = new AddressFile(directory, 'aliases', this.#note);
    this.#journal = new ProvisionJournal(directory, owner);
  }

  async run(onProgress: (accounts: number) => void): Promise<ProvisionCounts> {
    const { options } = this.plan;
    // What must be there is asked first: then nothing is made when it is not.
    if (options.skipDomainProvisioning) this.#requireDomains();
    if (options.skipAccountProvisioning) await this.#accounts(onProgress);
    if (!options.skipDomainProvisioning) this.#addDomains();
    if (!options.skipCoses) this.#addCoses();
    if (!options.skipDistributionLists) this.#addLists();
    if (!options.skipAccountProvisioning) await this.#accounts(onProgress);
    this.#aliases.save(this.owner);
    // Last: with its line an account counts as complete.
    this.#passwd.save(this.owner);
    this.#journal.end();
    return this.#counts;
  }

  close(): void {
    this.#journal.close();
  }

  #count(kind: 'domains' | 'coses' | 'lists' | 'accounts' | 'aliases', added: boolean): void {
    this.#counts[added ? kind : 'existing']++;
  }

  #requireDomains(): void {
    const missing = new Missing('DomainMissing', 'domain', this.directory);
    for (const { name } of this.plan.domains) {
      const domain = this.#valid(name, safeDomain);
      if (domain === null) continue;
      if (this.#domains.has(domain)) this.#counts.existing++;
      else missing.add(domain);
    }
    missing.throwIfAny();
  }

  #addDomains(): void {
    const registry = new Registry(this.directory, 'domains', this.#note);
    for (const { name, attributes } of this.plan.domains) {
      const domain = this.#valid(name, safeDomain);
      if (domain === null) continue;
      this.#count('domains', this.#domains.make(domain));
      registry.add({ name: domain, attributes });
    }
    this.#domains.sync();
    registry.save(this.owner);
  }

  #addCoses(): void {
    const registry = new Registry(this.directory, 'coses', this.#note);
    for (const { id, name, attributes } of this.plan.coses) {
      this.#count('coses', registry.add({ id, name, attributes }));
    }
    registry.save(this.owner);
  }

  #addLists(): void {
    const lists = new AddressFile(this.directory, 'lists', this.#note);
    for (const { name, members } of this.plan.lists) {
      const result = lists.put(name, members);
      if (result !== 'refused') this.#count('lists', result === 'added');
    }
    lists.save(this.owner);
  }

  async #accounts(onProgress: (accounts: number) => void): Promise<void> {
    const missing = new Missing('AccountMissing', 'account', this.directory);
    let batch: AccountRecord[] = [];
    let done = 0;
    for (const account of this.plan.accounts) {
      done++;
      const place = this.#valid(account.name, (name) => accountPlace(this.directory, name));
      if (place === null) continue;
      const there =
        this.#passwd.has(place.address) ||
        (accountIsThere(place) && !this.#journal.unfinished.has(place.address));
      const { skipAccountProvisioning, overwriteAccounts } = this.plan.options;
      if (there) {
        if (overwriteAccounts && !skipAccountProvisioning) batch.push({ place, account });
        else this.#counts.existing++;
      } else if (skipAccountProvisioning) {
        missing.add(place.address);
        continue;
      } else {
        batch.push({ place, account });
      }
      if (!this.plan.options.skipAliases) this.#addAliases(account, place.address);
      if (batch.length >= BATCH) {
        await this.#write(batch);
        batch = [];
      }
      if (done % BATCH === 0) {
        onProgress(done);
        await pause();
      }
    }
    missing.throwIfAny();
    await this.#write(batch);
    onProgress(done);
  }

  async #write(batch: readonly AccountRecord[]): Promise<void> {
    if (batch.length === 0) return;
    this.#requireAccountDomains(batch);
    this.#journal.begin(
      batch.map(({ place }) => place.address).filter((address) => !this.#passwd.has(address)),
    );
    const touched: string[] = [];
    const files: AccountRecord[] = [];
    for (const record of batch) {
      const { place, account } = record;
      this.#domains.make(place.domain);
      touched.push(...makeAccountDirectories(place, this.owner));
      if (accountFileIsForeign(place)) {
        this.#note(
          `${place.address} has an account.json that is not one of Lifeboat's; it is left as it is.`,
        );
      } else {
        files.push(record);
      }
      for (const text of this.#passwd.put(place, account)) this.#note(text);
      this.#counts.accounts++;
    }
    await writeAccountFiles(files, this.owner);
    await syncDirectories(touched);
    this.#domains.sync();
  }

  #requireAccountDomains(batch: readonly AccountRecord[]): void {
    if (!this.plan.options.skipDomainProvisioning) return;
    const missing = new Missing('DomainMissing', 'domain', this.directory);
    for (const { place } of batch) if (!this.#domains.has(place.domain)) missing.add(place.domain);
    missing.throwIfAny();
  }

  #addAliases(account: ProvisionAccount, address: string): void {
    for (const alias of account.aliases) {
      if (alias.toLowerCase() === address) continue;
      if (this.#passwd.has(alias)) {
        this.#note(`The alias ${show(alias)} of ${address} is left out: an account has that address.`);
        continue;
      }
      const result = this.#aliases.put(alias, [address]);
      if (result !== 'refused') this.#count('aliases', result === 'added');
    }
  }

  /** The checked form of a hostile name; null, with a note, when it cannot be used. */
  #valid<T>(name: string, check: (name: string) => T): T | null {
    try {
      return check(name);
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'InvalidInput') throw error;
      this.#note(`${show(name)} is left out. ${error.message}`);
      return null;
    }
  }
}
