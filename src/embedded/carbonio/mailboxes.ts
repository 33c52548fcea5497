/** The accounts and mailboxes of the stand-in: those of a Maildir target, read from its files. */
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { accountPlace, type AccountPlace } from '../../mail/maildir/address';
import { maildirTargetUrl } from './target-url';
import { openTarget } from '../../mail/open-target';
import type { ProvisionAccount, ProvisionPlan } from '../../mail/target';
import { Refusal } from './refusal';

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly cos: string;
  readonly status: string;
  readonly displayName: string | null;
  readonly aliases: readonly string[];
  readonly attributes: Readonly<Record<string, string | string[]>>;
  readonly place: AccountPlace;
}

interface AccountFile {
  id: string;
  name: string;
  cos: string | null;
  status: string;
  displayName: string | null;
  aliases: string[];
  attributes: Record<string, string | string[]>;
}

/** A domain or a class of service. */
export interface Registered {
  readonly id: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | string[]>>;
}

/** That of the class that every installation has. */
const DEFAULT_COS: Registered = {
  id: 'e00428a1-0c00-11d9-836a-000d93afea2a',
  name: 'default',
  attributes: {},
};

export class Mailboxes {
  constructor(readonly dir: string) {}

  accounts(): Account[] {
    return this.lines('passwd').flatMap(([address]) => this.byName(address) ?? []);
  }

  /** By address, alias or id. */
  find(wanted: string): Account | undefined {
    const name = wanted.toLowerCase();
    const direct = name.includes('@') ? this.byName(this.aliased(name)) : undefined;
    return direct ?? this.accounts().find(({ id }) => id.toLowerCase() === name);
  }

  domains(): string[] {
    return this.registered('domains').map(({ name }) => name);
  }

  coses(): string[] {
    return this.registered('coses').map(({ name }) => name);
  }

  /** The password hash, as the file that Dovecot reads has it. */
  passwordHash(address: string): string | null {
    return this.lines('passwd').find(([name]) => name === address)?.[1] ?? null;
  }

  /** The bytes that an account may hold; 0: any number. */
  quota({ attributes }: Account): number {
    return Number(attributes['zimbraMailQuota'] ?? 0) || 0;
  }

  usedBytes({ place }: Account): number {
    return this.files(place).reduce((sum, path) => sum + statSync(path).size, 0);
  }

  /** Every message file, in every folder. */
  files(place: AccountPlace): string[] {
    if (!existsSync(place.maildir)) return [];
    const folders = [
      '',
      ...readdirSync(place.maildir).filter((name) => name.startsWith('.') && name.length > 1),
    ];
    return folders.flatMap((folder) =>
      ['new', 'cur'].flatMap((part) => {
        const dir = join(place.maildir, folder, part);
        return existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name)) : [];
      }),
    );
  }

  /** Into the Inbox, unread, as a mail server delivers. */
  deliver({ place }: Account, message: Buffer): void {
    for (const part of ['tmp', 'new', 'cur'])
      mkdirSync(join(place.maildir, part), { recursive: true, mode: 0o700 });
    const name = `${Date.now()}.${randomBytes(8).toString('hex')}.stand-in`;
    const temporary = join(place.maildir, 'tmp', name);
    writeFileSync(temporary, message, { mode: 0o600, flag: 'wx' });
    linkSync(temporary, join(place.maildir, 'new', name));
    rmSync(temporary);
  }

  /** @throws Refusal for an account that is there; Problem for a name that cannot be one */
  async create(account: ProvisionAccount): Promise<void> {
    if (this.find(account.name) !== undefined)
      throw new Refusal(`email address already exists: ${account.name}`);
    const skipped = { skipDomainProvisioning: false, skipAccountProvisioning: false, skipAliases: false };
    const options = { ...skipped, skipDistributionLists: true, skipCoses: true, overwriteAccounts: false };
    const domain = { name: account.name.slice(account.name.lastIndexOf('@') + 1), attributes: {} };
    await this.provision({ domains: [domain], coses: [], lists: [], accounts: [account], options });
  }

  /** As a restore does. */
  async provision(plan: ProvisionPlan): Promise<void> {
    const target = await openTarget(maildirTargetUrl(this.dir, null));
    try {
      await target.provision(plan, () => undefined);
    } finally {
      await target.close();
    }
  }

  addAlias({ name }: Account, alias: string): void {
    appendFileSync(join(this.dir, 'aliases'), `${alias}: ${name}\n`, { mode: 0o600 });
  }

  delete({ place }: Account): void {
    const passwd = join(this.dir, 'passwd');
    const kept = readFileSync(passwd, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith(`${place.address}:`));
    writeFileSync(passwd, kept.join('\n'), { mode: 0o600 });
    rmSync(place.accountDir, { recursive: true, force: true });
  }

  private byName(address: string): Account | undefined {
    let place: AccountPlace;
    try {
      place = accountPlace(this.dir, address);
    } catch {
      return undefined; // no name of an account
    }
    const file = join(place.accountDir, 'account.json');
    if (!existsSync(file)) return undefined;
    const { id, name, cos, status, displayName, aliases, attributes } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as AccountFile;
    return { id, name, cos: cos ?? 'default', status, displayName, aliases, attributes, place };
  }

  private aliased(address: string): string {
    const line = this.lines('aliases').find(([alias]) => alias?.trim().toLowerCase() === address);
    return line?.[1]?.trim() ?? address;
  }

  private lines(file: string): [string, ...string[]][] {
    const path = join(this.dir, file);
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(':')) as [
      string,
      ...string[],
    ][];
  }

  /** What restores have registered, and the default class. */
  registered(kind: 'domains' | 'coses'): Registered[] {
    const path = join(this.dir, `${kind}.json`);
    const found: unknown =
      existsSync(path) && lstatSync(path).isFile() ? JSON.parse(readFileSync(path, 'utf8')) : [];
    const entries = Array.isArray(found) ? found : Object.values(found as object).flat();
    const all = entries.flatMap((entry: unknown): Registered[] => {
      const { id, name, attributes } = (entry ?? {}) as Partial<Registered>;
      return typeof name === 'string' ? [{ id: id ?? name, name, attributes: attributes ?? {} }] : [];
    });
    const isThere = kind === 'domains' || all.some(({ name }) => name === DEFAULT_COS.name);
    return isThere ? all : [DEFAULT_COS, ...all];
  }
}
