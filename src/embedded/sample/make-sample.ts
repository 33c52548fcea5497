/**
 * Makes a Backup Path with the mail of a site that never was: for demonstrations, tests and measurements.
 *
 * It is the same for the same options, byte for byte. Nothing in it is anybody's real mail.
 */
import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { blobPath } from '../../backup-path/layout';
import { BackupPathWriter } from '../../backup-path/writer';
import { Problem } from '../../failures';
import { DEFAULT_ACCOUNTS, LEAST_ACCOUNTS, makeSite, SERVER_NAME, type Site } from './cast';
import { compose, composeLarge, composeLongLine, type Envelope } from './compose';
import { Correspondence } from './correspondence';
import type { SampleAccount, SampleDefect, SampleFacts, SampleItem } from './facts';
import { SYSTEM_FOLDERS } from './folder-tree';
import { folderFor, SampleMailbox } from './mailbox';
import { appointment, contact, document, outsider, task } from './others';
import { PostOffice } from './post-office';
import { makeQuotas, type Planned } from './quotas';
import { Random } from './random';
import { subject } from './texts';

export interface SampleOptions {
  /** Items that carry content, over all accounts; folders and tags come on top. Default: 3,000. */
  readonly items?: number;
  /** Mailboxes. Default: 14; at least 12, so that there is one in every state. */
  readonly accounts?: number;
  /** Another seed makes another sample. Default: 1. */
  readonly seed?: number;
  /** Called now and then with the number of items made so far. */
  readonly onProgress?: (items: number) => void;
}

const DAY = 86_400_000;
const BACKUP_TIME = Date.UTC(2026, 2, 1, 3, 0, 0);
const FIRST_MAIL = BACKUP_TIME - 3 * 365 * DAY;
const LAST_MAIL = BACKUP_TIME - 2 * DAY;
const TIMES = { created: FIRST_MAIL - 30 * DAY, backup: BACKUP_TIME };
const LEAST_ITEMS_PER_ACCOUNT = 10;
const PROGRESS_EVERY = 500;
/** Over the 10,240 bytes that the validator of the server allows. */
const LONG_LINE = { body: 24_000, header: 12_500 };

/**
 * @param root a folder that is missing or empty
 * @throws Problem `InvalidInput` when the folder is not empty, or fewer accounts or items are asked for than a sample has
 */
export function makeSample(root: string, options: SampleOptions = {}): SampleFacts {
  const { items = 3_000, accounts = DEFAULT_ACCOUNTS, seed = 1, onProgress } = options;
  if (accounts < LEAST_ACCOUNTS || items < accounts * LEAST_ITEMS_PER_ACCOUNT) {
    throw new Problem(
      'InvalidInput',
      `A sample has at least ${LEAST_ACCOUNTS} accounts and ${LEAST_ITEMS_PER_ACCOUNT} items for each of them.`,
    );
  }
  requireEmpty(root);
  const random = new Random(seed);
  const site = makeSite(random, accounts);
  const writer = BackupPathWriter.create(root, {
    ...{ serverId: site.serverId, serverName: SERVER_NAME, createdAt: new Date(TIMES.created) },
    durable: false,
  });
  const maker = new SampleMaker(random, writer, site, onProgress);
  return maker.make(items);
}

function requireEmpty(root: string): void {
  if (!existsSync(root) || readdirSync(root).length === 0) return;
  throw new Problem('InvalidInput', `${root} is not empty; a sample is made in a new folder.`);
}

class SampleMaker {
  readonly #items: SampleItem[] = [];
  readonly #defects: SampleDefect[] = [];
  readonly #mailboxes: SampleMailbox[];
  #damage: (() => void)[] = [];

  constructor(
    private readonly random: Random,
    private readonly writer: BackupPathWriter,
    private readonly site: Site,
    private readonly onProgress: SampleOptions['onProgress'],
  ) {
    const onItem = (item: SampleItem): void => {
      this.#items.push(item);
      if (this.#items.length % PROGRESS_EVERY === 0) this.onProgress?.(this.#items.length);
    };
    this.#mailboxes = site.people.map((person) => new SampleMailbox(random, writer, person, TIMES, onItem));
  }

  make(items: number): SampleFacts {
    const { site, writer } = this;
    this.#mailboxes.forEach((mailbox, i) => mailbox.setUp(this.#sharedBy(i)));
    this.#fill(items);
    const accounts = this.#mailboxes.map((mailbox, i) => mailbox.finish(this.#sharesWith(i)));
    writer.serverConfig(site.config, new Date(TIMES.backup));
    writer.backupStat(new Date(TIMES.created), new Date(TIMES.backup));
    for (const damage of this.#damage) damage();
    return this.#facts(accounts);
  }

  #facts(accounts: SampleAccount[]): SampleFacts {
    const { serverId, config } = this.site;
    const order = new Map(accounts.map(({ address }, i) => [address, i]));
    const rank = ({ account }: SampleItem): number => order.get(account) ?? 0;
    this.#items.sort((a, b) => rank(a) - rank(b) || a.item - b.item);
    return {
      ...{ root: this.writer.root, serverId, serverName: SERVER_NAME, accounts },
      domains: config.domains.map(({ name }) => name),
      lists: config.distributionLists.map(({ name }) => name),
      coses: config.coses.map(({ name }) => name),
      items: this.#items,
      defects: this.#defects,
    };
  }

  /** Mail by chance, and between it what is planned. */
  #fill(items: number): void {
    const { messages, planned } = makeQuotas(this.random, this.site.people, items);
    const office = new PostOffice(this.random, this.writer, this.#mailboxes, messages);
    const mail = new Correspondence(this.random, office);
    const total = office.left;
    const waiting = [...planned];
    for (;;) {
      const progress = 1 - office.left / total;
      const time = Math.round(FIRST_MAIL + (LAST_MAIL - FIRST_MAIL) * progress);
      while ((waiting[0]?.at ?? 2) <= progress) this.#plant(waiting.shift() as Planned, office, time);
      if (office.left === 0) return;
      mail.next(time);
    }
  }

  #plant(planned: Planned, office: PostOffice, date: number): void {
    const { random } = this;
    const mailbox = this.#mailboxes[planned.account] as SampleMailbox;
    const { kind } = planned;
    if (kind === 'large' || kind === 'defect') return this.#plantMessage(planned, mailbox, office, date);
    const { language, address } = mailbox.person;
    const contents = {
      contact: () => contact(random),
      appointment: () => appointment(random, language, date, address),
      task: () => task(random, language, date),
      document: () => document(random),
    };
    mailbox.add({ ...office.store(contents[kind]()), type: kind, folder: folderFor(kind), flags: '', date });
  }

  #plantMessage(
    planned: Extract<Planned, { kind: 'large' | 'defect' }>,
    mailbox: SampleMailbox,
    office: PostOffice,
    date: number,
  ): void {
    const content = this.#specialContent(planned, mailbox, date);
    const stored = office.store(content);
    const folder = SYSTEM_FOLDERS.inbox;
    const flags = planned.kind === 'large' ? 'a' : 'u';
    const item = mailbox.add({ ...stored, type: 'message', folder, flags, date, plain: true });
    if (planned.kind === 'large') return;
    const { defect, where } = planned;
    const account = mailbox.person.address;
    const what = {
      read: 'its blob is missing',
      broken: 'its blob is cut off',
      invalid: `a line of about ${LONG_LINE[where].toLocaleString('en-US')} bytes in the ${where}`,
    };
    this.#defects.push({ kind: defect, account, item, what: what[defect] });
    if (defect === 'invalid') return;
    const blob = join(this.writer.root, blobPath(stored.digest));
    this.#damage.push(() => (defect === 'read' ? rmSync(blob) : truncateSync(blob, halfOf(blob))));
  }

  #specialContent(
    planned: Extract<Planned, { kind: 'large' | 'defect' }>,
    { person }: SampleMailbox,
    date: number,
  ): Buffer {
    const { random } = this;
    const { language, name, address } = person;
    const envelope: Envelope = {
      ...{ from: outsider(random), to: [{ name, address }], date, zone: 1, language },
      subject: subject(random, language),
    };
    if (planned.kind === 'large') return composeLarge(random, envelope, planned.bytes).content;
    if (planned.defect !== 'invalid') return compose(random, envelope).content;
    return composeLongLine(random, envelope, planned.where, LONG_LINE[planned.where]).content;
  }

  /** Every third shares a folder with the one after the next, who sees it as a mountpoint. */
  #sharesWith(index: number): string | null {
    const { people } = this.site;
    if (index % 3 !== 0 || people[index]?.system) return null;
    const grantee = people[index + 2];
    return grantee && !grantee.system ? grantee.address : null;
  }

  #sharedBy(index: number): string | null {
    const owner = this.site.people[index - 2];
    return owner && this.#sharesWith(index - 2) !== null ? `Folder of ${owner.name}` : null;
  }
}

const halfOf = (path: string): number => Math.floor(statSync(path).size / 2);
