import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Defect } from '../../src/backup-path/defect';
import { carriesBlob, type ItemState } from '../../src/backup-path/model';
import { BackupPath } from '../../src/backup-path/store';
import { walkItems } from '../../src/backup-path/walk';
import { countByType, expectedRestore, type SampleFacts } from '../../src/embedded/sample/facts';
import { makeSample } from '../../src/embedded/sample/make-sample';

const ITEMS = 3_000;

let dir: string;
let facts: SampleFacts;
let store: BackupPath;
/** States of every item, read back, by `<address> <item id>`. */
const histories = new Map<string, ItemState[]>();

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-sample-'));
  facts = makeSample(join(dir, 'backup'), { items: ITEMS });
  store = BackupPath.open(facts.root);
  for (const { id, address } of facts.accounts) {
    for (const entry of walkItems(store, id)) {
      if (entry.kind !== 'item') throw new Error(`${address}: ${entry.kind}`);
      histories.set(`${address} ${entry.id}`, store.itemStates(entry.path));
    }
  }
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const current = (states: readonly ItemState[]): ItemState => states.at(-1) as ItemState;

test('has the accounts, domains, classes of service and lists of a real site', () => {
  expect(store.accountIds().ids.sort()).toEqual(facts.accounts.map(({ id }) => id).sort());
  const infos = facts.accounts.map(({ id }) => store.accountInfo(id));
  expect(infos.length).toBeGreaterThanOrEqual(12);
  expect(new Set(infos.map(({ name }) => name.split('@')[1]))).toEqual(
    new Set(['example.com', 'example.org']),
  );
  expect(new Set(infos.map(({ status }) => status))).toEqual(
    new Set(['active', 'locked', 'closed', 'deleted']),
  );
  expect(infos.filter(({ system }) => system)).toHaveLength(1);
  for (const field of ['aliases', 'signatures', 'shares', 'dataSources'] as const) {
    expect(infos.some((info) => info[field].length > 0)).toBe(true);
  }
  const config = store.serverConfig();
  expect(config?.domains).toHaveLength(2);
  expect(config?.coses).toHaveLength(2);
  expect(config?.distributionLists.length).toBeGreaterThanOrEqual(2);
  expect(new Set(infos.map(({ cos }) => cos))).toEqual(new Set(config?.coses.map(({ id }) => id)));
});

test('reads back as exactly the items that it says it made', () => {
  expect(facts.items).toHaveLength(ITEMS);
  const items = [...histories].filter(([, states]) => carriesBlob(current(states).type));
  expect(items.map(([key]) => key).sort()).toEqual(facts.items.map((i) => `${i.account} ${i.item}`).sort());
  for (const item of facts.items) {
    const states = histories.get(`${item.account} ${item.item}`) ?? [];
    const { type, flags, tags, date, size, digest, deleted } = item;
    expect(current(states)).toMatchObject({ type, flags, tags, date, size, digest, deleted, end: null });
    expect(states).toHaveLength(item.states);
    expect(pathOf(item.account, current(states).folder)).toEqual(item.folder);
  }
  const types = countByType(facts.items);
  expect(types.message).toBeGreaterThan(ITEMS * 0.9);
  for (const type of ['contact', 'appointment', 'task', 'document'] as const)
    expect(types[type]).toBeGreaterThan(0);
});

test('counts folders, tags and mountpoints as they are', () => {
  for (const account of facts.accounts) {
    const own = [...histories].filter(([key]) => key.startsWith(`${account.address} `));
    const count = (type: string): number => own.filter(([, states]) => current(states).type === type).length;
    expect([count('folder'), count('tag'), count('mountpoint')]).toEqual([
      account.folders,
      account.tags,
      account.mountpoints,
    ]);
  }
  expect(facts.accounts.some(({ mountpoints }) => mountpoints > 0)).toBe(true);
  const names = [...histories.values()].map((states) => current(states).name);
  for (const name of ['Entwürfe 2024', '会議', 'Ελλάδα', 'R&D/Plan.B']) expect(names).toContain(name);
});

test('has histories without a gap, moves, changed flags and deletions among them', () => {
  const all = [...histories.values()];
  for (const states of all) {
    states.forEach((state, i) => {
      expect(state.end).toBe(states[i + 1]?.start ?? null);
      if (state.end !== null) expect(state.end).toBeGreaterThanOrEqual(state.start);
    });
  }
  const some = (differ: (a: ItemState, b: ItemState) => boolean): boolean =>
    all.some((states) => states.some((state, i) => i > 0 && differ(states[i - 1] as ItemState, state)));
  expect(some((a, b) => a.folder !== b.folder)).toBe(true);
  expect(some((a, b) => a.flags !== b.flags)).toBe(true);
  const deleted = facts.items.filter((item) => item.deleted);
  expect(deleted.length).toBeGreaterThan(ITEMS * 0.02);
  for (const item of deleted) expect(item.digest).not.toBe('');
  const letters = new Set(facts.items.flatMap(({ flags }) => [...flags]));
  expect([...letters].sort().join('')).toBe('!?adfrsuwx');
});

test('is damaged in exactly the four places that it names', async () => {
  const digests = new Map(facts.items.map((item) => [item.digest, item]));
  const found: string[] = [];
  const lines: string[] = [];
  let largest = 0;
  for (const [digest, item] of digests) {
    const name = `${item.account} ${item.item}`;
    try {
      const blob = await store.blobs.load(digest);
      if (blob.kind !== 'memory') throw new Error('too large for this test');
      expect(blob.size).toBe(item.size);
      largest = Math.max(largest, blob.size);
      if (item.type === 'message' && longestLine(blob.bytes) > 10_240) lines.push(name);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      found.push(`${error.kind} ${name}`);
    }
  }
  const told = (kind: string): string[] =>
    facts.defects.filter((d) => d.kind === kind).map((d) => `${d.account} ${d.item}`);
  expect([told('read').length, told('broken').length, told('invalid').length]).toEqual([1, 1, 2]);
  expect(found.sort()).toEqual([`broken ${told('broken')[0]}`, `read ${told('read')[0]}`]);
  expect(lines.sort()).toEqual(told('invalid').sort());
  expect(largest).toBeGreaterThan(5_000_000);
  // damage to a shared blob would be more than one item
  for (const { account, item } of facts.defects) {
    const { digest, deleted } = facts.items.find((i) => i.account === account && i.item === item) ?? {};
    expect(facts.items.filter((i) => i.digest === digest)).toHaveLength(1);
    expect(deleted).toBe(false);
  }
  // every blob is somebody's
  const stored = readdirSync(join(facts.root, 'items')).flatMap((d) =>
    readdirSync(join(facts.root, 'items', d)),
  );
  expect(stored).toHaveLength(digests.size - 1);
});

test('is mail: headers, conversations, many dates, content that several accounts share', async () => {
  const messages = expectedRestore(facts).restored;
  const dates = messages.map(({ date }) => date).sort((a, b) => a - b);
  expect(((dates.at(-1) ?? 0) - (dates[0] ?? 0)) / 86_400_000).toBeGreaterThan(3 * 360);
  const holders = new Map<string, Set<string>>();
  for (const { digest, account } of messages)
    holders.set(digest, (holders.get(digest) ?? new Set()).add(account));
  expect([...holders.values()].some((accounts) => accounts.size > 2)).toBe(true);
  const ids = new Set<string>();
  const answered: string[] = [];
  const kinds = new Set<string>();
  for (const digest of holders.keys()) {
    const blob = await store.blobs.load(digest);
    if (blob.kind !== 'memory') throw new Error('too large for this test');
    const text = blob.bytes.toString('utf8').replaceAll('\r\n', '\n');
    const header = text.slice(0, text.indexOf('\n\n')).replace(/\n[ \t]+/g, ' ');
    for (const name of ['From', 'To', 'Date', 'Subject', 'MIME-Version'])
      expect(header).toMatch(new RegExp(`^${name}: .`, 'm'));
    // eslint-disable-next-line no-control-regex -- headers are ASCII
    expect(header).toMatch(/^[\x00-\x7f]*$/);
    ids.add(/^Message-ID: (<[^>]+>)$/m.exec(header)?.[1] ?? '');
    const answers = /^In-Reply-To: (<[^>]+>)$/m.exec(header)?.[1];
    if (answers !== undefined) answered.push(answers);
    for (const [kind] of text.matchAll(
      /multipart\/\w+|quoted-printable|base64|8bit|application\/pdf|image\/png|text\/html/g,
    ))
      kinds.add(kind);
  }
  expect(ids.has('')).toBe(false);
  expect(ids.size).toBe(holders.size);
  expect(answered.filter((id) => ids.has(id)).length).toBeGreaterThan(20);
  expect([...kinds].sort()).toEqual([
    '8bit',
    'application/pdf',
    'base64',
    'image/png',
    'multipart/alternative',
    'multipart/mixed',
    'quoted-printable',
    'text/html',
  ]);
});

test('is the same for the same seed, byte for byte, and another for another', () => {
  const sample = (name: string, seed: number): string => {
    const root = join(dir, name);
    makeSample(root, { items: 200, accounts: 12, seed });
    const digest = treeDigest(root);
    rmSync(root, { recursive: true });
    return digest;
  };
  const first = sample('a', 7);
  expect(sample('b', 7)).toBe(first);
  expect(sample('c', 8)).not.toBe(first);
});

test('makes as many accounts as are asked for, each with the items that it says', () => {
  const more = makeSample(join(dir, 'more'), { items: 700, accounts: 40 });
  expect(more.accounts).toHaveLength(40);
  expect(more.items).toHaveLength(700);
  expect(new Set(more.accounts.map(({ address }) => address)).size).toBe(40);
});

test('refuses a folder that has things in it, and sizes that leave no room for what a sample has', () => {
  expect(() => makeSample(dir)).toThrow(/not empty/);
  expect(() => makeSample(join(dir, 'x'), { items: 50 })).toThrow(/at least 12 accounts/);
  expect(() => makeSample(join(dir, 'x'), { accounts: 3 })).toThrow(/at least 12 accounts/);
});

const SYSTEM: Record<number, string> = {
  ...{ 2: 'INBOX', 3: 'Trash', 4: 'Junk', 5: 'Sent', 6: 'Drafts' },
  ...{ 7: 'Contacts', 10: 'Calendar', 15: 'Tasks', 16: 'Briefcase' },
};

function pathOf(account: string, folder: number): string[] {
  if (folder === 1) return [];
  const system = SYSTEM[folder];
  if (system !== undefined) return [system];
  const state = current(histories.get(`${account} ${folder}`) ?? []);
  expect(state).toMatchObject({ type: 'folder', deleted: false });
  return [...pathOf(account, state.folder), state.name ?? ''];
}

function longestLine(content: Buffer): number {
  const lines = content.toString('latin1').split(/[\r\n]/);
  return lines.reduce((longest, line) => Math.max(longest, line.length), 0);
}

function treeDigest(root: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash
      .update(`${path.slice(root.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}
