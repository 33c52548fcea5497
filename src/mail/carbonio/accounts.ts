/** Accounts, with aliases and signatures. */
import { isMailboxAway, type ProvisionAccount, type ProvisionOptions } from '../target';
import { attributesOf, createWith, modify, type Attribute } from './attributes';
import { isFault } from './fault';
import { attributeIn } from './json';
import { lookUp, UNFINISHED } from './look-in-directory';
import type { CarbonioClient } from './session';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class AccountMaker {
  /** Ids of classes of service by name; null when the server has none of that name. */
  readonly #coses = new Map<string, string | null>();

  constructor(
    private readonly client: CarbonioClient,
    private readonly options: ProvisionOptions,
    private readonly note: (text: string) => void,
    private readonly count: (kind: 'accounts' | 'aliases', added: boolean) => void,
  ) {}

  /** @returns false when it is not there and is not to be made */
  async make(account: ProvisionAccount): Promise<boolean> {
    const { skipAccountProvisioning, skipAliases } = this.options;
    const id = skipAccountProvisioning ? await this.#look(account) : await this.#provide(account);
    if (id === false) return false;
    if (id !== null && !skipAliases) await this.#addAliases(account, id);
    return true;
  }

  async #look({ name }: ProvisionAccount): Promise<string | false> {
    const found = await lookUp(this.client, 'GetAccount', 'account', name);
    if (found !== null) this.count('accounts', false);
    return found?.id ?? false;
  }

  /** Its id; null when it cannot be made, which is noted. */
  async #provide(account: ProvisionAccount): Promise<string | null> {
    const { name } = account;
    const what = { kind: 'Account', member: 'account', name, note: this.note };
    let id: string | null;
    try {
      id = await createWith(this.client, what, { name, password: '' }, await this.#essence(account));
    } catch (error) {
      if (!isFault(error)) throw error;
      this.note(`The account ${name} is not made: ${error.words}.`);
      return null;
    }
    let complete = id !== null;
    if (id === null) {
      const found = await lookUp(this.client, 'GetAccount', 'account', name);
      if (found === null || found.name.toLowerCase() !== name.toLowerCase()) {
        this.note(
          `The account ${name} is not made: its address belongs to ${found?.name ?? 'something else'}.`,
        );
        return null;
      }
      id = found.id;
      complete = attributeIn(found, 'zimbraNotes')[0] === UNFINISHED || this.options.overwriteAccounts;
      if (complete) await modify(this.client, what, id, secretOf(account));
    }
    this.count('accounts', complete);
    if (complete) await this.#complete(account, id);
    return id;
  }

  /** What an account must have from its first moment on. */
  async #essence(account: ProvisionAccount): Promise<Attribute[]> {
    const { id, name, passwordHash } = account;
    const attributes: Attribute[] = [{ n: 'zimbraNotes', _content: UNFINISHED }];
    if (!UUID.test(id)) this.note(`${name} has a new id: the old one (${id}) is none that a server gives.`);
    else {
      const other = await lookUp(this.client, 'GetAccount', 'account', id, 'id');
      if (other === null) attributes.push({ n: 'zimbraId', _content: id });
      else if (other.name.toLowerCase() !== name.toLowerCase()) {
        this.note(`${name} has a new id: the account ${other.name} has its old one.`);
      }
    }
    if (passwordHash === null) this.note(`${name} has no password: the Backup Path has none.`);
    return [...attributes, ...secretOf(account)];
  }

  /** Attributes, status and signatures; at last the mark goes. */
  async #complete(account: ProvisionAccount, id: string): Promise<void> {
    const { name, displayName, status, attributes, signatures } = account;
    const what = { kind: 'Account', member: 'account', name, note: this.note };
    const all: Attribute[] = attributesOf(attributes, 'account');
    if (displayName !== null && !all.some(({ n }) => n.toLowerCase() === 'displayname')) {
      all.push({ n: 'displayName', _content: displayName });
    }
    const cos = await this.#cosId(account);
    if (cos !== null) all.push({ n: 'zimbraCOSId', _content: cos });
    all.push({ n: 'zimbraAccountStatus', _content: status === 'deleted' ? 'closed' : status });
    await modify(this.client, what, id, all);
    for (const { name: title, html } of signatures) await this.#addSignature(name, title, html);
    const notes = [attributes['zimbraNotes'] ?? ''].flat()[0] ?? '';
    await modify(this.client, what, id, [{ n: 'zimbraNotes', _content: notes }]);
  }

  async #cosId({ name, cos }: ProvisionAccount): Promise<string | null> {
    if (cos === null) return null;
    if (!this.#coses.has(cos)) {
      this.#coses.set(cos, (await lookUp(this.client, 'GetCos', 'cos', cos))?.id ?? null);
    }
    const id = this.#coses.get(cos) ?? null;
    if (id === null)
      this.note(`${name} has the default class of service: the server has none called ${cos}.`);
    return id;
  }

  /** Form by the server's source. */
  async #addSignature(address: string, name: string, html: string): Promise<void> {
    const signature = { name, content: [{ type: 'text/html', _content: html }] };
    try {
      await this.client.account(address).call('CreateSignature', { signature }, 'urn:zimbraAccount');
    } catch (error) {
      // of a run that was interrupted, or another one that stays
      if (isFault(error, 'account.SIGNATURE_EXISTS')) return;
      // of a mailbox whose store is away the others need not wait
      if (!isFault(error) && !isMailboxAway(error, address)) throw error;
      const why = isFault(error) ? `${error.words}.` : error.message;
      this.note(`${address} is without the signature "${name}": ${why}`);
    }
  }

  async #addAliases({ name, aliases }: ProvisionAccount, id: string): Promise<void> {
    for (const alias of aliases) {
      if (alias.toLowerCase() === name.toLowerCase()) continue;
      try {
        await this.client.admin('AddAccountAlias', { id, alias });
        this.count('aliases', true);
      } catch (error) {
        if (!isFault(error)) throw error;
        const owner = await this.#ownerOf(error.code, alias);
        if (owner?.toLowerCase() === name.toLowerCase()) this.count('aliases', false);
        else {
          const why = owner === null ? error.words : `${owner} has that address`;
          this.note(`${name} is without the alias ${alias}: ${why}.`);
        }
      }
    }
  }

  /** Whose address it is, when that is why it was refused. */
  async #ownerOf(code: string, alias: string): Promise<string | null> {
    if (code !== 'account.ACCOUNT_EXISTS') return null;
    return (await lookUp(this.client, 'GetAccount', 'account', alias))?.name ?? null;
  }
}

/** The hash goes over as it is; the server was seen to take it, a login with it was not tried. */
const secretOf = ({ passwordHash }: ProvisionAccount): Attribute[] =>
  passwordHash === null ? [] : [{ n: 'userPassword', _content: passwordHash }];
