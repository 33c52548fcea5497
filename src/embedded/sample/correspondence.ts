/** Three years of mail: conversations, newsletters, lists, what is sent and what is thrown away. */
import { compose, composeNewsletter, type Composed, type Envelope } from './compose';
import { SYSTEM_FOLDERS } from './folder-tree';
import type { Folder } from './mailbox';
import type { Correspondent, PostOffice } from './post-office';
import type { Random } from './random';
import { subject, type Language } from './texts';

/** Conversations that go on at the same time. */
const OPEN_THREADS = 30;
const KINDS = ['reply', 'thread', 'incoming', 'outgoing', 'newsletter', 'list', 'draft', 'junk'] as const;
const KIND_WEIGHTS = [34, 14, 26, 9, 8, 2, 2, 5];

interface Thread {
  readonly people: readonly Correspondent[];
  readonly language: Language;
  readonly subject: string;
  readonly ids: string[];
  last: { readonly from: Correspondent; readonly lines: readonly string[] };
}

export class Correspondence {
  readonly #threads: Thread[] = [];
  #issue = 100;
  #time = 0;

  constructor(
    private readonly random: Random,
    private readonly office: PostOffice,
  ) {}

  /** One message to somebody, into at least one mailbox. `time`: epoch milliseconds, never earlier than before. */
  next(time: number): void {
    this.#time = time;
    switch (KINDS[this.random.weighted(KIND_WEIGHTS)]) {
      case 'reply':
        return this.#threads.length === 0 ? this.#openThread() : this.#reply(this.random.pick(this.#threads));
      case 'thread':
        return this.#openThread();
      case 'outgoing':
        return this.#outgoing();
      case 'newsletter':
        return this.#newsletter();
      case 'list':
        return this.#toList();
      case 'draft':
        return this.#draft();
      case 'junk':
        return this.#from(this.office.stranger(), SYSTEM_FOLDERS.junk);
      default:
        return this.#from(this.office.stranger());
    }
  }

  #openThread(): void {
    const first = this.office.somebody();
    const partners = this.office
      .others(first, this.random.int(1, 3))
      .map((i) => this.office.correspondent(i));
    if (partners.length === 0 || this.random.chance(0.3)) partners.push(this.office.stranger());
    const { language } = this.office.person(first);
    const topic = subject(this.random, language);
    const from = this.office.correspondent(first);
    const people = [from, ...partners];
    const message = this.#send(from, partners, { subject: topic, language });
    this.#threads.push({
      people,
      language,
      subject: topic,
      ids: [message.messageId],
      last: { from, lines: message.lines },
    });
    if (this.#threads.length > OPEN_THREADS) this.#threads.shift();
  }

  #reply(thread: Thread): void {
    const { people, last, ids, language } = thread;
    if (!people.some(({ mailbox }) => mailbox !== undefined && this.office.takes(mailbox))) {
      // everybody in it has all the mail that they get
      this.#threads.splice(this.#threads.indexOf(thread), 1);
      return;
    }
    const from = this.random.pick(people.filter((person) => person !== last.from));
    const to = people.filter((person) => person !== from);
    const prefix = language === 'de' ? 'AW: ' : 'Re: ';
    const message = this.#send(from, to, {
      ...{ language, references: ids, subject: `${prefix}${thread.subject}` },
      quoted: { from: last.from.name, lines: last.lines },
    });
    ids.push(message.messageId);
    thread.last = { from, lines: message.lines };
  }

  /** From somebody outside to one mailbox. */
  #from(from: Correspondent, folder?: Folder): void {
    const to = this.office.somebody();
    const { language } = this.office.person(to);
    const envelope = this.#envelope(from, [this.office.correspondent(to)], {
      language,
      subject: subject(this.random, language),
    });
    this.#deliver(to, compose(this.random, envelope), envelope, folder);
  }

  #outgoing(): void {
    const from = this.office.somebody();
    const { language } = this.office.person(from);
    this.#send(this.office.correspondent(from), [this.office.stranger()], {
      language,
      subject: subject(this.random, language),
    });
  }

  /** The same message to several: one blob, however many mailboxes it is in. */
  #newsletter(): void {
    const first = this.office.somebody();
    const from = { name: 'The Weekly', address: 'editor@news.example.net', zone: 0 };
    const to = [{ name: 'Subscribers', address: 'weekly@news.example.net', zone: 0 }];
    const issue = this.#issue++;
    const envelope = this.#envelope(from, to, { language: 'en', subject: `The Weekly, issue ${issue}` });
    const message = composeNewsletter(this.random, envelope, issue);
    const stored = this.office.store(message.content);
    for (const reader of [first, ...this.office.others(first, 2)]) {
      const newsletters = this.office
        .mailbox(reader)
        .folders.find(({ path }) => path.at(-1) === 'Newsletters');
      this.office.put(reader, message, stored, envelope, newsletters);
    }
  }

  #toList(): void {
    const from = this.office.somebody();
    const { language } = this.office.person(from);
    const to = [{ name: 'Everybody', address: 'all@example.com', zone: 0 }];
    const envelope = this.#envelope(this.office.correspondent(from), to, {
      language,
      subject: subject(this.random, language),
    });
    const message = compose(this.random, envelope);
    const stored = this.office.store(message.content);
    this.office.put(from, message, stored, envelope, SYSTEM_FOLDERS.sent);
    for (const reader of this.office.others(from, Infinity)) {
      if (this.office.person(reader).address.endsWith('@example.com'))
        this.office.put(reader, message, stored, envelope);
    }
  }

  #draft(): void {
    const from = this.office.somebody();
    const { language } = this.office.person(from);
    const options = { language, subject: subject(this.random, language) };
    const envelope = this.#envelope(this.office.correspondent(from), [this.office.stranger()], options);
    this.#deliver(from, compose(this.random, envelope), envelope, SYSTEM_FOLDERS.drafts);
  }

  /** To everybody of `to` that has a mailbox here, and to the sender's sent mail. */
  #send(
    from: Correspondent,
    to: readonly Correspondent[],
    options: Partial<Envelope> & { language: Language },
  ): Composed {
    const envelope = this.#envelope(from, to.slice(0, 2), { ...options, cc: to.slice(2) });
    const message = compose(this.random, envelope);
    const takers = to.flatMap(({ mailbox }) =>
      mailbox !== undefined && this.office.takes(mailbox) ? [mailbox] : [],
    );
    const keeps = from.mailbox !== undefined && this.office.takes(from.mailbox) ? from.mailbox : undefined;
    if (takers.length === 0 && keeps === undefined) return message;
    const stored = this.office.store(message.content);
    if (keeps !== undefined) this.office.put(keeps, message, stored, envelope, SYSTEM_FOLDERS.sent);
    for (const taker of takers) this.office.put(taker, message, stored, envelope);
    return message;
  }

  #envelope(
    from: Correspondent,
    to: readonly Correspondent[],
    options: Partial<Envelope> & { language: Language },
  ): Envelope {
    const { random } = this;
    return {
      subject: '',
      from,
      to,
      date: this.#time,
      zone: from.zone,
      urgent: random.chance(0.03),
      ...options,
    };
  }

  #deliver(to: number, message: Composed, envelope: Envelope, folder?: Folder): void {
    this.office.put(to, message, this.office.store(message.content), envelope, folder);
  }
}
