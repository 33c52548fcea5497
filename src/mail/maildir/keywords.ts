/** Tags as Dovecot keeps them: a letter in the file name, and what it means in `dovecot-keywords`. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { randomName, readSmallFile, replaceFile } from './durable';
import type { Owner } from './durable';
import { onTarget } from './system-error';
import { beginningThatFits, encodeUtf7 } from './utf7';

/** Letters a to z: that is all a file name has. */
const MOST_KEYWORDS = 26;
/** Dovecot's default `mail_max_keyword_length`. */
const LONGEST_KEYWORD = 50;

/**
 * A tag as an IMAP keyword, which must be an atom: blanks and what is special in an atom become `_`, other
 * characters are written in modified UTF-7.
 */
export function imapKeyword(tag: string): string {
  const plain = tag.replace(/[\p{Cc}\s(){%*"\\\]]/gu, '_') || '_';
  const encoded = encodeUtf7(plain);
  if (encoded.length <= LONGEST_KEYWORD) return encoded;
  const tail = `-${createHash('sha256').update(tag).digest('hex').slice(0, 8)}`;
  return encodeUtf7(beginningThatFits(plain, tail, LONGEST_KEYWORD) + tail);
}

/** The numbers of the keywords; null when the file has anything that Dovecot would not have written. */
export function parseKeywords(content: string): Map<number, string> | null {
  const found = new Map<number, string>();
  for (const line of content.split('\n')) {
    if (line === '') continue;
    const match = /^(\d{1,2}) (\S+)$/.exec(line);
    const number = Number(match?.[1]);
    if (match?.[2] === undefined || number >= MOST_KEYWORDS || found.has(number)) return null;
    found.set(number, match[2]);
  }
  return found;
}

/** The keywords of one folder. */
export class FolderKeywords {
  readonly #path: string;
  #signature: string | null = null;
  /** Number by keyword in lower case (keywords have no case); null when the file is not to be touched. */
  #numbers: Map<string, number> | null = new Map();
  #names = new Map<number, string>();
  #unsaved = false;

  constructor(
    private readonly directory: string,
    private readonly owner: Owner,
  ) {
    this.#path = join(directory, 'dovecot-keywords');
    this.#load();
  }

  /** Gives every tag a keyword as far as there is room. `notes` names those that are left off. */
  assign(tags: readonly string[]): { keywords: string[]; notes: string[] } {
    const keywords: string[] = [];
    const notes: string[] = [];
    for (const tag of tags) {
      const keyword = imapKeyword(tag);
      if (this.#number(keyword) !== null) keywords.push(keyword);
      else if (this.#numbers === null)
        notes.push(`The tag "${tag}" is left off: ${this.#path} is not in Dovecot's form.`);
      else
        notes.push(
          `The tag "${tag}" is left off: the folder has ${MOST_KEYWORDS} already, the most there can be.`,
        );
    }
    return { keywords, notes };
  }

  /** The letters for a file name. */
  letters(keywords: readonly string[]): string {
    const letters = keywords
      .map((keyword) => this.#number(keyword))
      .filter((number) => number !== null)
      .map((number) => String.fromCharCode(97 + number));
    return [...new Set(letters)].join('');
  }

  /** Puts the file on disk, before any message that uses it is visible. What others added meanwhile is kept. */
  save(): void {
    if (!this.#unsaved || this.#numbers === null) return;
    if (this.#readSignature() !== this.#signature) {
      const wanted = [...this.#names.values()];
      this.#load();
      for (const keyword of wanted) this.#number(keyword);
    }
    if (this.#unsaved) {
      const lines = [...this.#names].sort(([a], [b]) => a - b).map(([number, name]) => `${number} ${name}\n`);
      const temporary = join(this.directory, 'tmp', `keywords.lifeboat.${randomName()}`);
      replaceFile(this.#path, lines.join(''), this.owner, temporary);
      this.#signature = this.#readSignature();
      this.#unsaved = false;
    }
  }

  /** The number of a keyword, a new one when it has none; null when there is none to give. */
  #number(keyword: string): number | null {
    if (this.#numbers === null) return null;
    const known = this.#numbers.get(keyword.toLowerCase());
    if (known !== undefined) return known;
    for (let number = 0; number < MOST_KEYWORDS; number++) {
      if (this.#names.has(number)) continue;
      this.#names.set(number, keyword);
      this.#numbers.set(keyword.toLowerCase(), number);
      this.#unsaved = true;
      return number;
    }
    return null;
  }

  #load(): void {
    this.#signature = this.#readSignature();
    const content = this.#signature === 'link' ? null : readSmallFile(this.#path)?.toString('utf8');
    const names = content === null ? null : parseKeywords(content ?? '');
    this.#names = names ?? new Map<number, string>();
    this.#numbers = names && new Map([...names].map(([number, name]) => [name.toLowerCase(), number]));
    this.#unsaved = false;
  }

  #readSignature(): string | null {
    const found = onTarget(this.#path, () =>
      fs.lstatSync(this.#path, { throwIfNoEntry: false, bigint: true }),
    );
    if (found === undefined) return null;
    return found.isFile() ? `${found.ino}/${found.mtimeNs}/${found.size}` : 'link';
  }
}
