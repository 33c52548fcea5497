/** The folders of one mailbox over IMAP: found, made, subscribed. */
import { Problem } from '../../failures';
import { decodeUtf7, encodeUtf7 } from '../maildir/utf7';
import type { FolderResult, SystemFolder } from '../target';
import type { ImapConnection } from './connection';
import { clean } from './reply';
import { partName, SYSTEM, tamerNames } from './names';
import { quoted, textOf, type Value } from './wire';

const MOST_TRIES = 1_000;

/** As a command names a folder. */
export const folderArgument = (folder: string): string => quoted(encodeUtf7(folder));

interface Known {
  readonly name: string;
  readonly uses: readonly string[];
}

export class ImapFolders {
  #separator: string | null = null;
  #prefix = '';
  #known = new Map<string, Known>();
  readonly #roles = new Map<SystemFolder, string>();

  constructor(private readonly session: () => Promise<ImapConnection>) {}

  /** Reads what is there. */
  async load(): Promise<void> {
    const session = await this.session();
    await this.#readNamespace(session);
    // only a LIST with options can be asked for the marks (RFC 6154); others may show them unasked
    const asks = ['SPECIAL-USE', 'LIST-EXTENDED'].every((name) => session.capabilities.has(name));
    const uses = asks ? ' RETURN (SPECIAL-USE)' : '';
    const { untagged } = await session.must(`LIST "" "*"${uses}`);
    this.#known = new Map();
    for (const [kind, flags, separator, name] of untagged) {
      if (textOf(kind).toUpperCase() !== 'LIST' || !Array.isArray(flags) || name === undefined) continue;
      const attributes = flags.map((flag) => textOf(flag).toUpperCase());
      if (attributes.includes('\\NONEXISTENT') || attributes.includes('\\NOSELECT')) continue;
      this.#separator ??= separator === null ? null : textOf(separator);
      const shown = decodeUtf7(textOf(name)) ?? textOf(name);
      this.#known.set(canonical(shown), { name: shown, uses: attributes });
    }
    // its own name is the same in any case
    if (!this.#known.has('INBOX')) this.#known.set('INBOX', { name: 'INBOX', uses: [] });
    this.#findRoles();
  }

  names(): string[] {
    return [...this.#known.values()].map(({ name }) => name);
  }

  async system(role: SystemFolder): Promise<FolderResult> {
    const found = this.#roles.get(role);
    if (found !== undefined) {
      return { folder: found, created: this.#known.has(canonical(found)) ? false : await this.ensure(found) };
    }
    const name = this.#prefix + (SYSTEM[role].names[0] as string);
    const created = await this.ensure(name);
    this.#roles.set(role, name);
    return { folder: name, created };
  }

  async folder(
    parent: string | undefined,
    name: string,
    taken: (candidate: string) => boolean,
  ): Promise<FolderResult> {
    const above = parent === undefined ? this.#prefix : this.#separator && `${parent}${this.#separator}`;
    // a server without a hierarchy has all its folders side by side
    const root = above ?? '';
    const reserved = new Set([...this.#roles.values()].map(canonical));
    let refusal = '';
    for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
      const suffix = attempt === 1 ? '' : `-${attempt}`;
      const wanted = partName(name, this.#separator, suffix);
      if (taken(root + wanted) || reserved.has(canonical(root + wanted))) continue;
      for (const part of [wanted, ...tamerNames(name, suffix)]) {
        const folder = root + part;
        if (part !== wanted && (taken(folder) || reserved.has(canonical(folder)))) continue;
        const made = await this.#make(folder);
        if (typeof made === 'string') refusal = made;
        else return { folder, created: made, ...(part === name ? {} : { renamedTo: part }) };
      }
      break;
    }
    throw new Problem('TargetRefused', `The folder "${name}" cannot be made: ${clean(refusal)}.`);
  }

  /** @returns whether it was missing */
  async ensure(folder: string): Promise<boolean> {
    const made = await this.#make(folder);
    if (typeof made !== 'string') return made;
    throw new Problem('TargetRefused', `The folder "${folder}" cannot be made: ${clean(made)}.`);
  }

  /** Forgets that it is there: somebody removed it. */
  forget(folder: string): void {
    this.#known.delete(canonical(folder));
  }

  /** @returns why the server refuses it, or whether it was missing */
  async #make(folder: string): Promise<boolean | string> {
    if (this.#known.has(canonical(folder))) return false;
    const session = await this.session();
    const reply = await session.run(`CREATE ${folderArgument(folder)}`);
    const there = /^ALREADYEXISTS\b/.test(reply.code) || /already exists/i.test(reply.text);
    if (reply.status !== 'OK' && !there) {
      if (/^(INUSE|UNAVAILABLE|SERVERBUG)\b/.test(reply.code)) {
        throw new Problem('TargetUnavailable', `The server cannot make a folder now: ${clean(reply.text)}.`);
      }
      return reply.text || 'refused';
    }
    // a folder that nobody subscribed to stays hidden in many programs; what refuses that has no such list
    await session.run(`SUBSCRIBE ${folderArgument(folder)}`);
    this.#known.set(canonical(folder), { name: folder, uses: [] });
    return reply.status === 'OK';
  }

  async #readNamespace(session: ImapConnection): Promise<void> {
    if (!session.capabilities.has('NAMESPACE')) {
      const { untagged } = await session.must('LIST "" ""');
      this.#separator = separatorOf(untagged[0]?.[2]);
      return;
    }
    const { untagged } = await session.must('NAMESPACE');
    const personal = untagged.find(([kind]) => textOf(kind).toUpperCase() === 'NAMESPACE')?.[1];
    const first = Array.isArray(personal) ? personal[0] : null;
    if (!Array.isArray(first)) return;
    this.#prefix = decodeUtf7(textOf(first[0])) ?? '';
    this.#separator = separatorOf(first[1]);
  }

  #findRoles(): void {
    this.#roles.set('Inbox', 'INBOX');
    for (const role of Object.keys(SYSTEM) as SystemFolder[]) {
      const { use, names } = SYSTEM[role];
      if (use === null) continue;
      const marked = [...this.#known.values()].find(({ uses }) => uses.includes(use));
      const named = names.find((name) => this.#known.has(canonical(this.#prefix + name)));
      this.#roles.set(role, marked?.name ?? this.#prefix + (named ?? names[0]));
    }
  }
}

const separatorOf = (value: Value | undefined): string | null => textOf(value ?? undefined) || null;

/** The Inbox has one name in any case, also as the beginning of a path; other names are told apart by case. */
export function canonical(name: string): string {
  return /^inbox(?=$|[^\p{L}\p{N}])/iu.test(name) ? `INBOX${name.slice(5)}` : name;
}
