/** Who still gets mail, and where in their mailbox it ends up. */
import type { BackupPathWriter } from '../../backup-path/writer';
import type { Person } from './cast';
import type { Composed, Envelope } from './compose';
import { SYSTEM_FOLDERS } from './folder-tree';
import type { Folder, SampleMailbox, Stored } from './mailbox';
import type { Address } from './mime';
import { outsider } from './others';
import type { Random } from './random';

/** Somebody who writes or is written to. */
export interface Correspondent extends Address {
  /** Number of the mailbox; undefined for people outside. */
  readonly mailbox?: number;
  readonly zone: number;
}

export class PostOffice {
  /** Messages that each mailbox still takes. */
  readonly #left: number[];

  constructor(
    private readonly random: Random,
    private readonly writer: BackupPathWriter,
    private readonly mailboxes: readonly SampleMailbox[],
    quota: readonly number[],
  ) {
    this.#left = [...quota];
  }

  /** Messages that are still to come, over all mailboxes. */
  get left(): number {
    return this.#left.reduce((sum, left) => sum + left, 0);
  }

  takes(mailbox: number): boolean {
    return (this.#left[mailbox] ?? 0) > 0;
  }

  /** A mailbox that takes messages; one that gets more is more likely. */
  somebody(): number {
    return this.random.weighted(this.#left);
  }

  others(than: number, most: number): number[] {
    const takers = this.mailboxes.flatMap((_, i) => (i !== than && this.takes(i) ? [i] : []));
    return this.random.some(takers, most);
  }

  stranger(): Correspondent {
    return { ...outsider(this.random), zone: this.random.int(-5, 8) };
  }

  correspondent(mailbox: number): Correspondent {
    const { name, address, zone } = this.person(mailbox);
    return { name, address, zone, mailbox };
  }

  person(mailbox: number): Person {
    return this.mailbox(mailbox).person;
  }

  mailbox(index: number): SampleMailbox {
    const mailbox = this.mailboxes[index];
    if (!mailbox) throw new Error(`There is no mailbox ${index}.`);
    return mailbox;
  }

  /** Puts content into the store, for {@link SampleMailbox.add}. */
  store(content: Buffer): Stored {
    return { digest: this.writer.blob(content), size: content.length };
  }

  /** @param folder undefined: the Inbox, or where the account files its mail */
  put(to: number, message: Composed, stored: Stored, envelope: Envelope, folder?: Folder): void {
    const { random } = this;
    const mailbox = this.mailbox(to);
    const own = folder === SYSTEM_FOLDERS.sent || folder === SYSTEM_FOLDERS.drafts;
    const place = folder ?? this.#filed(mailbox);
    mailbox.add({
      ...stored,
      type: 'message',
      folder: place,
      flags: this.#flags(message, envelope, place, own),
      tags: own || random.chance(0.85) ? [] : random.some(mailbox.tags, random.int(1, 2)),
      date: envelope.date,
    });
    this.#left[to] = (this.#left[to] ?? 0) - 1;
  }

  #filed(mailbox: SampleMailbox): Folder {
    const { random } = this;
    if (random.chance(0.45)) return SYSTEM_FOLDERS.inbox;
    return random.chance(0.07) ? SYSTEM_FOLDERS.trash : random.pick(mailbox.folders);
  }

  #flags({ attached }: Composed, { urgent }: Envelope, place: Folder, own: boolean): string {
    const { random } = this;
    const letters = [attached ? 'a' : '', urgent ? '!' : random.chance(0.01) ? '?' : ''];
    if (own) letters.push(place === SYSTEM_FOLDERS.drafts ? 'd' : 's');
    else {
      if (random.chance(0.2)) letters.push('u');
      else letters.push(random.chance(0.2) ? 'r' : '', random.chance(0.05) ? 'w' : '');
      letters.push(random.chance(0.06) ? 'f' : '', random.chance(0.01) ? 'x' : '');
    }
    return letters.join('');
  }
}
