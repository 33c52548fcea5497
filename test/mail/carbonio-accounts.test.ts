/** What an account has beside its items, and the lists it is in, on the stand-in Carbonio after a restore by SOAP. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountInfo, ServerConfig } from '../../src/backup-path/model';
import type { StandIn } from '../../src/embedded/carbonio/start';
import { expectedRestore } from '../../src/embedded/sample/facts';
import { makeSample } from '../../src/embedded/sample/make-sample';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail, state } from '../restore/store';
import { SampleSource } from './sample-source';
import { addAccount, userName } from './servers/kit';
import {
  dataSourcesIn,
  grantsIn,
  readAccount,
  readBox,
  readLists,
  standInFor,
  switchedOff,
  targetUrl,
} from './servers/stand-in';

let bench: RestoreBench;
let standIn: StandIn;
beforeEach(async () => {
  bench = new RestoreBench();
  standIn = await standInFor(bench);
});
afterEach(async () => {
  await standIn.stop();
  bench.remove();
});

const account = (number: number, change: Partial<AccountInfo> = {}): void =>
  bench.store.writer.account(accountInfo(`acc-${number}`, userName(number), change));

const named = (id: string, name: string) => ({ id, name, attributes: {} });

function serverConfig(change: Partial<ServerConfig>): void {
  const server = { name: 'mail.example.com', attributes: {} };
  const none = { domains: [], coses: [], distributionLists: [] };
  bench.store.writer.serverConfig({ server, global: { attributes: {} }, ...none, ...change }, new Date(0));
}

const cosOf = (number: number): string | null => readAccount(standIn, userName(number)).cos;

test('the sample: every account is as it was, and every list has its members', async () => {
  const sourcePath = join(bench.folder, 'sample');
  const facts = makeSample(sourcePath, { items: 240, accounts: 12 });
  const source = new SampleSource(sourcePath);
  const { coses, distributionLists } = source.config();
  await bench.restore({ sourcePath, target: targetUrl(standIn) });
  const passwd = readFileSync(join(standIn.places.mailboxes, 'passwd'), 'utf8');
  const classes = new Set<string | null>();
  let shares = 0;
  let dataSources = 0;
  for (const address of expectedRestore(facts).accounts) {
    const { id, tags } = facts.accounts.find((it) => it.address === address) ?? { id: '', tags: -1 };
    const was = source.account(id);
    const is = readAccount(standIn, address);
    const { displayName, status, signatures } = was;
    const cos = coses.find((it) => it.id === was.cos)?.name;
    expect(is).toMatchObject({ id, displayName, status, signatures, cos });
    expect([...is.aliases].sort()).toEqual([...was.aliases].sort());
    expect(is.attributes).toMatchObject({ zimbraPrefLocale: was.attributes['zimbraPrefLocale'] });
    expect(is.attributes['zimbraNotes']).toBeUndefined();
    expect(passwd).toContain(was.passwordHash);
    const box = readBox(standIn, address);
    const granted = was.shares.map(({ folderId, grantee, rights }): [string, string[]] => [
      source.folderPath(id, folderId),
      [`usr ${grantee} ${rights}`],
    ]);
    expect(grantsIn(box)).toEqual(Object.fromEntries(granted));
    expect(dataSourcesIn(box)).toEqual(was.dataSources.map((it) => switchedOff('imap', it)));
    expect(box.tags).toHaveLength(tags);
    classes.add(is.cos);
    shares += was.shares.length;
    dataSources += was.dataSources.length;
  }
  expect(shares * dataSources).toBeGreaterThan(0);
  // else the class of an account could be anybody's
  expect([...classes].sort()).toEqual(['default', 'executive']);
  expect(readLists(standIn)).toEqual(
    Object.fromEntries(distributionLists.map(({ name, members }) => [name, [...members].sort()])),
  );
}, 120_000);

test('each account gets its class of service; one that nobody knows is named', async () => {
  const cos = (id: string, name: string) => ({ ...named(id, name), backupEnabled: true });
  serverConfig({ coses: [cos('cos-1', 'Standard'), cos('cos-2', 'Executive')] });
  account(1, { cos: 'cos-1' });
  account(2, { cos: 'cos-2' });
  account(3);
  account(4, { cos: 'cos-gone' });
  const target = targetUrl(standIn);
  const { report } = await bench.restore({ target });
  expect([1, 2, 3, 4].map(cosOf)).toEqual(['Standard', 'Executive', null, null]);
  expect(report.notes.filter((text) => text.includes('class of service'))).toEqual([
    'user4@example.com has the default class of service: the server has none called cos-gone.',
  ]);
  // what is there is left alone until it is to be taken over
  account(1, { cos: 'cos-2' });
  await bench.restore({ target });
  expect(cosOf(1)).toBe('Standard');
  await bench.restore({ target, overwriteAccounts: true });
  expect([1, 2, 3, 4].map(cosOf)).toEqual(['Executive', 'Executive', null, null]);
}, 60_000);

test('an account that the server could not complete gets its class of service from the next run', async () => {
  serverConfig({ coses: [{ ...named('cos-1', 'Standard'), backupEnabled: true }] });
  account(1, { cos: 'cos-1' });
  standIn.setFaults([{ kind: 'soap', request: 'ModifyAccount', at: 'before', does: 'crash', times: 1 }]);
  const target = targetUrl(standIn);
  await expect(bench.begin({ target })).rejects.toMatchObject({ type: 'TargetUnavailable' });
  await standIn.ended();
  expect(cosOf(1)).toBeNull();
  await standIn.restart();
  await bench.begin({ target });
  expect(cosOf(1)).toBe('Standard');
});

test('each share is on its own folder, for whom it was and with their rights; a second run changes none', async () => {
  const folder = (id: number, name: string, parent: number): void =>
    bench.store.writer.item('acc-1', id, [state({ type: 'folder', name, folder: parent })]);
  folder(300, 'Work', 1);
  folder(301, 'Deep', 300);
  folder(302, 'Private', 1);
  account(2);
  account(3);
  account(1, {
    shares: [
      { folderId: 300, grantee: userName(2), rights: 'r' },
      { folderId: 300, grantee: userName(3), rights: 'rwidx' },
      { folderId: 301, grantee: userName(3), rights: 'rw' },
      { folderId: 2, grantee: userName(2), rights: 'rwd' },
      // nothing is in it: the restore has not looked it up
      { folderId: 10, grantee: 'guest@elsewhere.example', rights: 'r' },
      { folderId: 999, grantee: userName(2), rights: 'r' },
    ],
  });
  bench.store.message('acc-1', 1000, mail('in the Inbox'));
  const target = targetUrl(standIn);
  const expected = {
    '/Work': ['usr user2@example.com r', 'usr user3@example.com rwidx'],
    '/Work/Deep': ['usr user3@example.com rw'],
    '/Inbox': ['usr user2@example.com rwd'],
    // so the server calls who has no account there
    '/Calendar': ['guest guest@elsewhere.example r'],
  };
  for (let run = 0; run < 2; run++) {
    const { report } = await bench.restore({ target });
    expect(grantsIn(readBox(standIn, userName(1)))).toEqual(expected);
    expect(report.accounts[userName(1)]?.notes.map(({ text }) => text)).toEqual([
      'The share of folder 999 with user2@example.com is not restored: no such folder.',
    ]);
  }
  expect([2, 3].map((number) => grantsIn(readBox(standIn, userName(number))))).toEqual([{}, {}]);
});

test('data sources are switched off, with their host and user and no password; a second run makes none', async () => {
  const imap = { name: 'Old provider', type: 'imap', host: 'imap.example.net', user: 'jane' };
  const pop3 = { name: 'Older one', type: 'pop3', host: 'pop.example.org', user: 'jane.doe@example.org' };
  const feed = { name: 'News', type: 'rss', host: 'news.example.net', user: 'x' };
  account(1, { dataSources: [imap, pop3, feed] });
  const target = targetUrl(standIn);
  const expected = [switchedOff('imap', imap), switchedOff('pop3', pop3)];
  const unknown = 'The data source "News" is not restored: its kind (rss) is not known.';
  const off = 'Switched off until the user enters the password, which is not in the backup';
  for (const notes of [`${unknown} ${off}: "Old provider", "Older one".`, unknown]) {
    const { report } = await bench.restore({ target });
    expect(dataSourcesIn(readBox(standIn, userName(1)))).toEqual(expected);
    expect(report.accounts[userName(1)]?.notes.map(({ text }) => text)).toEqual([notes]);
  }
});

test('lists have all their members, also those from outside; one that the server refuses takes no other with it', async () => {
  const list = (name: string, members: string[]) => ({ ...named(name, name), members });
  serverConfig({
    distributionLists: [
      list('all@example.com', [userName(2), userName(1), 'chair@elsewhere.example']),
      list('odd@example.com', [userName(1), 'no address', userName(3)]),
      list('empty@example.com', []),
      list('others@elsewhere.example', [userName(1)]),
    ],
  });
  account(1);
  const { report } = await bench.restore({ target: targetUrl(standIn) });
  expect(readLists(standIn)).toEqual({
    'all@example.com': ['chair@elsewhere.example', userName(1), userName(2)],
    'odd@example.com': [userName(1), userName(3)],
    'empty@example.com': [],
  });
  expect(report.notes.filter((text) => text.includes('list'))).toEqual([
    expect.stringMatching(/^The list odd@example\.com is without no address: .*invalid member/),
  ]);
});

test('what is there is left alone; with overwriteAccounts it is taken over', async () => {
  const { store } = bench;
  const id = '11111111-2222-4333-8444-555555555555';
  const filter = { zimbraMailSieveScript: 'require ["fileinto"];\nkeep;\n' };
  store.writer.account(
    accountInfo(id, userName(1), {
      displayName: 'Before',
      aliases: ['alias@example.com'],
      attributes: filter,
    }),
  );
  const target = targetUrl(standIn);
  await bench.restore({ target });
  store.writer.account(
    accountInfo(id, userName(1), {
      displayName: 'After',
      attributes: { zimbraPrefLocale: 'de', noSuchThing: 'x' },
    }),
  );
  const left = await bench.restore({ target });
  expect(readAccount(standIn, userName(1))).toMatchObject({
    ...{ id, displayName: 'Before', attributes: filter },
  });
  expect(left.report.notes.join()).not.toContain('noSuchThing');
  const taken = await bench.restore({ target, overwriteAccounts: true });
  expect(readAccount(standIn, userName(1))).toMatchObject({
    displayName: 'After',
    aliases: ['alias@example.com'],
    attributes: { zimbraPrefLocale: 'de', ...filter },
  });
  expect(taken.report.notes.join()).toMatch(/without what the server does not take: noSuchThing/);
  addAccount(bench, 2, 1);
  await expect(bench.begin({ target, skipAccountProvisioning: true })).rejects.toMatchObject({
    type: 'AccountMissing',
  });
});
