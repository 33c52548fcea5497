/** Whole restores into the stand-in Carbonio by SOAP, read back from its files. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { StandIn } from '../../src/embedded/carbonio/start';
import { expectedRestore, type SampleItem } from '../../src/embedded/sample/facts';
import { makeSample } from '../../src/embedded/sample/make-sample';
import { CarbonioFolders } from '../../src/mail/carbonio/folders';
import type { AccountSession } from '../../src/mail/carbonio/session';
import { TASKS } from '../../src/restore/tasks';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail, state } from '../restore/store';
import { userName } from './servers/kit';
import { boxLines, line, pathOf, readBox, standInFor, targetUrl } from './servers/stand-in';

let bench: RestoreBench;
let standIn: StandIn | undefined;
beforeEach(() => {
  bench = new RestoreBench();
});
afterEach(async () => {
  await standIn?.stop();
  bench.remove();
});

const TYPES: Record<string, string> = { message: 'm', contact: 'cn', appointment: 'appt', task: 'task' };
const sampleLine = ({ type, folder, flags, tags, date, digest }: SampleItem): string =>
  line(
    TYPES[type] ?? '?',
    `/${folder.map((name) => name.replaceAll('/', '_')).join('/')}`.replace(/^\/INBOX/, '/Inbox'),
    flags,
    tags,
    date,
    digest,
  );

test('the sample: every item that Carbonio has', async () => {
  standIn = await standInFor(bench);
  const sourcePath = join(bench.folder, 'sample');
  const facts = makeSample(sourcePath, { items: 240, accounts: 12 });
  const expected = expectedRestore(facts);
  const target = targetUrl(standIn);
  const { counters, report } = await bench.restore({ sourcePath, target });

  const documents = expected.unsupported.filter(({ type }) => type === 'document');
  // by SOAP nobody meets the validator: what has too long lines is taken
  const long = expected.defects.filter(({ kind }) => kind === 'invalid');
  const lost = expected.defects.filter(({ kind }) => kind !== 'invalid');
  expect(long.length).toBeGreaterThan(0);
  const others = expected.unsupported.filter(({ type }) => type !== 'document');
  const isLong = ({ account, item }: SampleItem): boolean =>
    long.some((defect) => defect.account === account && defect.item === item);
  const restored = [...expected.restored, ...others, ...facts.items.filter(isLong)];
  expect(counters).toMatchObject({ restored: restored.length, unrestored: documents.length + lost.length });
  const unsupported = Object.values(report.accounts).flatMap(({ unrestored }) =>
    unrestored.filter((finding) => finding.class === 'unsupported'),
  );
  expect(unsupported).toHaveLength(documents.length);
  expect(unsupported.every(({ savedAs }) => savedAs !== undefined)).toBe(true);

  for (const address of expected.accounts) {
    const own = restored.filter(({ account }) => account === address);
    expect(boxLines(standIn, address)).toEqual(own.map(sampleLine).sort());
  }

  const again = await bench.restore({ sourcePath, target });
  expect(again.counters).toMatchObject({ restored: 0, skipped: restored.length });
  for (const address of expected.accounts) {
    expect(boxLines(standIn, address)).toHaveLength(
      restored.filter(({ account }) => account === address).length,
    );
  }
}, 120_000);

test('without the ledger the mailbox is asked: nothing is doubled, of no kind', async () => {
  standIn = await standInFor(bench);
  const sourcePath = join(bench.folder, 'sample');
  const facts = makeSample(sourcePath, { items: 120, accounts: 12 });
  const target = targetUrl(standIn);
  const first = await bench.restore({ sourcePath, target });
  const { accounts } = expectedRestore(facts);
  const before = accounts.map((address) => boxLines(standIn as StandIn, address));
  Object.assign(bench.settings, { stateDir: join(bench.folder, 'other-state') });
  const second = await bench.restore({ sourcePath, target });
  expect(second.counters).toMatchObject({ restored: 0, skipped: first.counters.restored });
  expect(accounts.map((address) => boxLines(standIn as StandIn, address))).toEqual(before);
}, 120_000);

test('bytes, names and tags of every kind come through as they are', async () => {
  standIn = await standInFor(bench);
  const { store } = bench;
  store.writer.account(accountInfo('acc-1', userName(1)));
  const names = ['a/b', 'INBOX', 'Sent', 'x'.repeat(300), 'a:b"c', '会議', 'case', 'CASE', '.', ' '];
  names.forEach((name, i) => {
    store.writer.item('acc-1', 300 + i, [state({ type: 'folder', name, folder: 1 })]);
    store.message('acc-1', 1000 + i, mail(`in ${i}`), { folder: 300 + i });
  });
  const contents = [
    Buffer.from('Subject: bare\n\nline\nline\n'),
    Buffer.from('Subject: nul\r\n\r\n\0 and \xff\r\n', 'latin1'),
    Buffer.from('Subject: Grüße\r\n\r\nGrüße\r\n'),
    mail('long', 'y'.repeat(20_000)),
    mail('large', 'lines of text\r\n'.repeat(800_000)),
    mail('lone', 'a\rb'),
  ];
  contents.forEach((content, i) => {
    store.message('acc-1', 2000 + i, content, { tags: ['a,b', 'back\\slash', `Tag ${i}`], flags: 'uf' });
  });
  const calendar = Buffer.from(
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTART:20250101T100000Z\r\nSUMMARY:Fête\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
  );
  store.writer.item('acc-1', 400, [state({ type: 'folder', name: 'My calendar', folder: 1 })]);
  store.message('acc-1', 3000, calendar, { type: 'appointment', folder: 400, tags: ['Work'] });
  store.message('acc-1', 3001, Buffer.from('nothing like it'), { type: 'contact', folder: 7 });
  const useless = calendar
    .toString()
    .replace(/DTSTART.*\r\n/, '')
    .replace('u1', 'u2');
  store.message('acc-1', 3002, Buffer.from(useless), { type: 'appointment', folder: 10 });
  const { counters, report } = await bench.restore({ target: targetUrl(standIn) });
  expect(counters).toMatchObject({ restored: names.length + contents.length + 1, unrestored: 2 });
  const { unrestored } = report.accounts[userName(1)] ?? { unrestored: [] };
  expect(unrestored.map(({ item, reason }) => `${item} ${reason}`).sort()).toEqual([
    '3001 it is no vCard',
    expect.stringContaining('3002 the server can do nothing with this entry'),
  ]);
  const lines = boxLines(standIn, userName(1));
  const sent = contents.map((content, i) => {
    const digest = createHash('sha256').update(content).digest('base64').replaceAll('/', ',');
    return line('m', '/Inbox', 'uf', ['a,b', 'back\\slash', `Tag ${i}`], state().date, digest);
  });
  expect(lines).toEqual(expect.arrayContaining(sent));
  const box = readBox(standIn, userName(1));
  const folders = box.folders.filter(({ id }) => id > 256).map(({ id }) => pathOf(box, id));
  expect(folders).toHaveLength(names.length + 1);
  expect(box.folders.find(({ name }) => name === 'My calendar')?.view).toBe('appointment');
  expect(lines.filter((it) => it.startsWith('appt /My calendar Work '))).toHaveLength(1);
}, 60_000);

test('a folder is for what goes into it first, also when that comes in a later step, or after it was removed', async () => {
  standIn = await standInFor(bench);
  const { store } = bench;
  store.writer.account(accountInfo('acc-1', userName(1)));
  const entry = (uid: string): Buffer =>
    Buffer.from(
      `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTART:20250101T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`,
    );
  // items are taken by the last two digits of their ids: the folders in the first batch, what lies in them in the last
  store.writer.item('acc-1', 300, [state({ type: 'folder', name: 'My calendar', folder: 1 })]);
  store.writer.item('acc-1', 400, [state({ type: 'folder', name: 'Mixed', folder: 1 })]);
  for (let i = 0; i < 300; i++) store.message('acc-1', 1000 + i, mail(`m ${i}`));
  store.message('acc-1', 2099, entry('u1'), { type: 'appointment', folder: 300 });
  store.message('acc-1', 2198, mail('first'), { folder: 400 });
  store.message('acc-1', 2199, entry('u2'), { type: 'appointment', folder: 400 });
  const request = await bench.begin({ target: targetUrl(standIn, '&settle=0') });
  const { settings } = bench;
  const progress = ({ done }: { done: number }): void => {
    if (done > 200) throw new Error('the test ends this attempt');
  };
  const step = TASKS.slice(
    { request, settings, lane: 0, seconds: 60 },
    { progress, stopRequested: () => false },
  );
  await expect(step).rejects.toThrow('the test ends');
  const before = readBox(standIn, userName(1));
  expect(before.folders.find(({ name }) => name === 'My calendar')?.view).toBe('message');
  const { counters } = await bench.slice(request);
  expect(counters).toMatchObject({ restored: 303, unrestored: 0 });
  const box = readBox(standIn, userName(1));
  const views = ['My calendar', 'Mixed'].map(
    (wanted) => box.folders.find(({ name }) => name === wanted)?.view,
  );
  expect(views).toEqual(['appointment', 'message']);
  const made: unknown[] = [];
  const session = {
    call: async (_name: string, body: object) => (made.push(body), { folder: [{ id: '999' }] }),
  } as unknown as AccountSession;
  const calendar = { id: 300, path: '/Mine', view: 'appointment', own: true, empty: false };
  await new CarbonioFolders(session, { folders: [calendar] }).remake('/Mine', 300);
  expect(made).toEqual([{ folder: { name: 'Mine', l: '1', view: 'appointment', fie: '1' } }]);
}, 60_000);
