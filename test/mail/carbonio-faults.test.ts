/** Bad days of a Carbonio server: what is lost, what is doubled, and what is said of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTarget } from '../../src/mail/open-target';
import type { StandIn } from '../../src/embedded/carbonio/start';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail, state } from '../restore/store';
import { problemOf } from './helpers';
import { addSecret, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';
import { accountDir, boxLines, digestOf, line, readAccount, standInFor, targetUrl } from './servers/stand-in';

let bench: RestoreBench;
let standIn: StandIn;
let proxy: CuttingProxy | undefined;
beforeEach(async () => {
  bench = new RestoreBench();
  standIn = await standInFor(bench);
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await standIn.stop();
  bench.remove();
});

const DATE = Date.UTC(2024, 0, 1);

/** Adds an account with messages, some of them alike, and a contact for every fifty. Answers the lines of its mailbox. */
function account(number: number, items: number, lines = 1): string[] {
  const { store } = bench;
  const id = `acc-${number}`;
  store.writer.account(accountInfo(id, userName(number)));
  const expected: string[] = [];
  for (let i = 0; i < items; i++) {
    const isContact = i % 50 === 7;
    const subject = i % 10 === 0 ? 'alike' : `m ${number} ${i}`;
    const content = isContact
      ? Buffer.from(`BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Person ${i}\r\nEND:VCARD\r\n`)
      : // every third is uploaded
        mail(subject, `${i % 3 === 0 ? 'Grüße' : 'Hello'} \r\n`.repeat(lines));
    const kind = isContact ? { type: 'contact' as const, folder: 7 } : {};
    store.message(id, 1000 + i, content, { date: DATE + (i % 10 === 0 ? 0 : i), ...kind });
    const [type, path] = isContact ? ['cn', '/Contacts'] : ['m', '/Inbox'];
    expected.push(line(type, path, '', [], DATE + (i % 10 === 0 ? 0 : i), digestOf(type, content)));
  }
  return expected.sort();
}

test('connections cut in the middle of requests: nothing lost, nothing doubled', async () => {
  const expected = account(1, 200, 100);
  proxy = new CuttingProxy(standIn.settings.soapPort);
  const target = targetUrl(standIn, '&settle=1', await proxy.start());
  const request = await bench.begin({ target });
  for (const bytes of [3_000, 60_000, 120_000]) {
    proxy.cutAfter = bytes;
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
  }
  expect(proxy.cuts).toBe(3);
  const { counters } = await bench.slice(request);
  expect(counters).toMatchObject({ restored: 200, unrestored: 0, skipped: 0 });
  expect(boxLines(standIn, userName(1))).toEqual(expected);
}, 60_000);

test('answers that are lost, or are no answers: what was done is found again', async () => {
  const expected = account(1, 120);
  // one at a time: so no other request is on its way when the answer is lost
  const request = await bench.begin({ target: targetUrl(standIn, '&settle=0&connections=1') });
  const lost = [
    { request: 'AddMsg', does: 'cut', type: 'TargetUnavailable' },
    { request: 'CreateContact', does: 'cut', type: 'TargetUnavailable' },
    { request: 'AddMsg', does: 'garble', type: 'UnknownOutput' },
  ] as const;
  for (const { type, ...fault } of lost) {
    standIn.setFaults([{ kind: 'soap', at: 'after', times: 1, ...fault }]);
    await expect(bench.slice(request)).rejects.toMatchObject({ type });
  }
  const { counters } = await bench.slice(request);
  expect(counters).toMatchObject({ restored: 120, unrestored: 0, skipped: 0 });
  expect(boxLines(standIn, userName(1))).toEqual(expected);
}, 60_000);

test('the server dies in the middle, before and after it has stored an item', async () => {
  const expected = account(1, 400);
  const request = await bench.begin({ target: targetUrl(standIn, '&settle=0') });
  let batches = 0;
  let killed: Promise<void> | undefined;
  const onProgress = (): void => {
    if (++batches === 1) killed = standIn.kill();
  };
  await expect(bench.slice(request, { onProgress })).rejects.toMatchObject({ type: 'TargetUnavailable' });
  await killed;
  for (const at of ['before', 'after'] as const) {
    standIn.setFaults([{ kind: 'soap', request: 'AddMsg', at, does: 'crash', times: 1 }]);
    await standIn.restart();
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    await standIn.ended();
  }
  await standIn.restart();
  const { counters } = await bench.slice(request);
  expect(counters).toMatchObject({ restored: 400, unrestored: 0, skipped: 0 });
  expect(boxLines(standIn, userName(1))).toEqual(expected);
}, 60_000);

test('a message that is larger than the server takes is refused before it is sent', async () => {
  await standIn.stop();
  const most = 9 * 1024 * 1024;
  standIn = await standInFor(bench, { maxMessageSize: most });
  const expected = account(1, 10);
  // so large that it is streamed; the second one fits
  const text = 'a line of a large message\r\n';
  const large = mail('large', text.repeat(Math.ceil(most / text.length)));
  bench.store.message('acc-1', 2000, large, { date: DATE });
  const fits = mail('fits', text.repeat(Math.floor((most - 1024) / text.length)));
  bench.store.message('acc-1', 2001, fits, { date: DATE });
  const { counters, report } = await bench.restore({ target: targetUrl(standIn) });
  expect(counters).toMatchObject({ restored: 11, unrestored: 1 });
  const [unrestored] = report.accounts[userName(1)]?.unrestored ?? [];
  expect(unrestored).toMatchObject({ item: 2000, class: 'invalid' });
  expect(unrestored?.reason).toBe(`it has ${large.length} bytes, and the server takes ${most} at most`);
  const there = [...expected, line('m', '/Inbox', '', [], DATE, digestOf('m', fits))].sort();
  expect(boxLines(standIn, userName(1))).toEqual(there);
}, 60_000);

test('a fault that says nothing of whether it was done: neither doubled nor lost; one that stays is told', async () => {
  const expected = account(1, 40);
  const small = account(2, 5);
  standIn.setFaults([
    { kind: 'soap', request: 'AddMsg', account: userName(1), at: 'after', does: 'fault', times: 2 },
    { kind: 'soap', request: 'AddMsg', account: userName(1), at: 'before', does: 'fault', times: 2 },
    { kind: 'soap', request: 'AddMsg', account: userName(2), at: 'before', does: 'fault' },
  ]);
  const { counters, report } = await bench.restore({ target: targetUrl(standIn) });
  expect(boxLines(standIn, userName(1))).toEqual(expected);
  expect(boxLines(standIn, userName(2))).toEqual([]);
  expect(counters).toMatchObject({ restored: 40, unrestored: small.length });
  expect(report.accounts[userName(2)]?.unrestored[0]?.reason).toMatch(/the server fails at it, twice/);
}, 60_000);

test('tokens that the server forgets are renewed, and a folder that went away is made again', async () => {
  const expected = account(1, 40);
  bench.store.message('acc-1', 2000, mail('in a folder'), { folder: 300, date: DATE });
  bench.store.writer.item('acc-1', 300, [state({ type: 'folder', name: 'Work', folder: 1 })]);
  expected.push(line('m', '/Work', '', [], DATE, digestOf('m', mail('in a folder'))));
  const expired = { kind: 'soap', at: 'before', does: 'fault', code: 'service.AUTH_EXPIRED' } as const;
  standIn.setFaults([
    { ...expired, request: 'AddMsg', times: 1 },
    { ...expired, request: 'CreateAccount', times: 1 },
    { ...expired, request: 'DelegateAuth', times: 1 },
    { ...expired, request: 'AddMsg', code: 'mail.NO_SUCH_FOLDER', times: 2 },
  ]);
  const { report } = await bench.restore({ target: targetUrl(standIn) });
  expect(boxLines(standIn, userName(1))).toEqual(expected.sort());
  const notes = report.accounts[userName(1)]?.notes.map(({ text }) => text) ?? [];
  expect(notes.filter((text) => /removed meanwhile and was made again/.test(text))).toHaveLength(2);
});

test('a tag that the server refuses takes no other with it, and every note of a message is kept', async () => {
  const { store } = bench;
  store.writer.account(accountInfo('acc-1', userName(1)));
  const calendar = Buffer.from(
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTART:20240101T100000Z\r\n' +
      'SUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
  );
  const tags = ['Work', 'a:b', 'Später'];
  store.message('acc-1', 1000, mail('m'), { date: DATE, tags });
  store.message('acc-1', 1001, calendar, { type: 'appointment', folder: 10, tags });
  store.message('acc-1', 1002, mail('n'), { date: DATE, tags: ['a:b'] });
  const gone = { code: 'mail.NO_SUCH_FOLDER', at: 'before', does: 'fault', times: 1 } as const;
  standIn.setFaults([{ kind: 'soap', request: 'AddMsg', ...gone }]);
  const { report, counters } = await bench.restore({ target: targetUrl(standIn, '&connections=1') });
  expect(counters).toMatchObject({ restored: 3, unrestored: 0 });
  expect(boxLines(standIn, userName(1)).map((text) => text.split(' ').slice(0, -1).join(' '))).toEqual([
    'appt /Calendar Später+Work',
    `m /Inbox  ${DATE} `,
    `m /Inbox  ${DATE} Später+Work`,
  ]);
  const notes = report.accounts[userName(1)]?.notes ?? [];
  expect(notes).toEqual([
    {
      item: 1000,
      text: expect.stringMatching(/folder was removed.*without its tag "a:b", which the server refuses/),
    },
    { item: 1001, text: expect.stringMatching(/^without its tag "a:b", which the server refuses/) },
    { item: 1002, text: expect.stringMatching(/^without its tags, which the server refuses/) },
  ]);
});

test('over quota, in maintenance, gone, locked: told of each, and the others go on', async () => {
  account(1, 60, 20);
  const [gone, shut] = [account(2, 5), account(3, 5)];
  const [locked, fine] = [account(4, 5), account(5, 5)];
  bench.store.writer.account(accountInfo('acc-1', userName(1), { attributes: { zimbraMailQuota: '8000' } }));
  bench.store.writer.account(accountInfo('acc-4', userName(4), { status: 'locked' }));
  const request = await bench.begin({ target: targetUrl(standIn, '&connections=1') });
  const path = join(accountDir(standIn, userName(3)), 'account.json');
  writeFileSync(path, JSON.stringify({ ...readAccount(standIn, userName(3)), status: 'maintenance' }));
  const away = { kind: 'soap', at: 'before', does: 'fault' } as const;
  standIn.setFaults([{ ...away, request: 'Sync', account: userName(2), code: 'mail.MAINTENANCE' }]);
  const { counters } = await bench.slice(request);
  const there = boxLines(standIn, userName(1)).length;
  expect(there).toBeGreaterThan(3);
  expect(there).toBeLessThan(60);
  expect(boxLines(standIn, userName(4))).toEqual(locked);
  expect(boxLines(standIn, userName(5))).toEqual(fine);
  expect(readAccount(standIn, userName(4)).status).toBe('locked');
  const unrestored = 60 - there + gone.length + shut.length;
  expect(counters).toMatchObject({ restored: there + 10, unrestored });
  const { report } = await bench.report(request);
  const reason = (number: number): string => report.accounts[userName(number)]?.unrestored[0]?.reason ?? '';
  expect(reason(1)).toMatch(/over quota/);
  expect(reason(2)).toMatch(/MAINTENANCE/);
  expect(reason(3)).toMatch(/may be in maintenance/);
});

test('an account that was being made when the server died is completed by the next run', async () => {
  const info = accountInfo('acc-1', userName(1), { signatures: [{ name: 'S', html: '<b>S</b>' }] });
  bench.store.writer.account(info);
  standIn.setFaults([{ kind: 'soap', request: 'CreateSignature', at: 'before', does: 'crash', times: 1 }]);
  const target = targetUrl(standIn);
  await expect(bench.begin({ target })).rejects.toMatchObject({ type: 'TargetUnavailable' });
  await standIn.ended();
  expect(readAccount(standIn, userName(1)).signatures).toEqual([]);
  await standIn.restart();
  await bench.begin({ target });
  const { signatures, attributes } = readAccount(standIn, userName(1));
  expect(signatures).toEqual(info.signatures);
  expect(attributes).toEqual({});
});

test('a domain, a class and a list that the server refuses are named, and the others are whole', async () => {
  const expected = account(1, 5);
  bench.store.writer.account(accountInfo('acc-0', 'jane@refused.example'));
  const named = (name: string) => ({ id: name, name, attributes: {} });
  bench.store.writer.serverConfig(
    {
      server: { name: 'mail.example.com', attributes: {} },
      global: { attributes: {} },
      domains: [named('refused.example'), named('example.com')],
      coses: [{ ...named('refused'), backupEnabled: true }],
      distributionLists: [{ ...named('refused@example.com'), members: [] }],
    },
    new Date(DATE),
  );
  bench.store.writer.account(accountInfo('acc-3', 'joe@example.com', { cos: 'refused' }));
  const no = { kind: 'soap', at: 'before', does: 'fault', code: 'service.INVALID_REQUEST' } as const;
  standIn.setFaults([
    { ...no, request: 'CreateDomain', times: 1 },
    { ...no, request: 'CreateCos', times: 1 },
    { ...no, request: 'CreateDistributionList', times: 2 },
  ]);
  const request = await bench.begin({ target: targetUrl(standIn) });
  await bench.slice(request);
  const { dir, report } = await bench.report(request);
  expect(report.notes.join('\n')).toMatch(
    /domain refused\.example is left out[^]*class of service refused is left out[^]*list refused@example\.com is left out/,
  );
  const { provisioned } = JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as {
    provisioned: object;
  };
  expect(provisioned).toMatchObject({ domains: 1, coses: 0, lists: 0, existing: 0, accounts: 2 });
  expect(boxLines(standIn, userName(1))).toEqual(expected);
});

test('an administrator who may not log in for others, or make accounts, is told at once', async () => {
  for (let number = 1; number <= 12; number++) account(number, 1);
  const denied = { kind: 'soap', at: 'before', does: 'fault', code: 'service.PERM_DENIED' } as const;
  standIn.setFaults([{ ...denied, request: 'DelegateAuth' }]);
  const target = targetUrl(standIn);
  const noLogin = await problemOf(() => bench.begin({ target }));
  expect([noLogin.type, noLogin.message]).toEqual([
    'LoginRefused',
    expect.stringMatching(/refuses the login for user\d+@example\.com: .*PERM_DENIED/),
  ]);
  standIn.setFaults([{ ...denied, request: 'CreateAccount' }]);
  const other = await problemOf(() => bench.begin({ target: targetUrl(standIn), domains: ['example.org'] }));
  expect(other.type).toBe('AccountNotFound');
  bench.store.writer.account(accountInfo('acc-99', 'new@example.org'));
  const noMaking = await problemOf(() => bench.begin({ target, accounts: ['new@example.org'] }));
  expect([noMaking.type, noMaking.message]).toEqual([
    'TargetRefused',
    expect.stringMatching(/no such account\. The account new@example\.org is not made: .*PERM_DENIED/),
  ]);
  standIn.setFaults([{ ...denied, request: 'DelegateAuth', times: 3 }]);
  expect((await bench.restore({ target })).counters).toMatchObject({ restored: 12, unrestored: 0 });
}, 60_000);

test('mailboxes of a store that is away wait for it, those of others do not', async () => {
  const [away, fine] = [account(1, 4), account(2, 4)];
  const target = targetUrl(standIn);
  standIn.setFaults([
    {
      ...{ kind: 'soap', request: 'Sync', account: userName(1), at: 'before' },
      ...{ does: 'fault', code: 'service.PROXY_ERROR' },
    },
  ]);
  const request = await bench.begin({ target });
  await expect(bench.slice(request)).rejects.toMatchObject({
    type: 'TargetUnavailable',
    message: expect.stringMatching(/^The mailbox of user1@example\.com: .*PROXY_ERROR/),
  });
  expect(boxLines(standIn, userName(2))).toEqual(fine);
  standIn.setFaults([]);
  expect((await bench.slice(request)).counters).toMatchObject({ restored: 8, unrestored: 0 });
  expect(boxLines(standIn, userName(1))).toEqual(away);
});

test('a wrong password is told at once, and shown nowhere', async () => {
  account(1, 1);
  addSecret(bench, 'carbonio-admin', 'not the password');
  const problem = await problemOf(() => openTarget(targetUrl(standIn), undefined, bench.settings.secretsDir));
  expect(problem.type).toBe('LoginRefused');
  expect(problem.message).toMatch(/refuses the login of the administrator/);
  expect(problem.message).not.toContain('not the password');
  expect((await problemOf(() => openTarget(targetUrl(standIn)))).type).toBe('SecretUnusable');
});

test('a certificate that does not verify is refused unless told otherwise; nobody there', async () => {
  await standIn.stop();
  standIn = await standInFor(bench, { tls: true });
  const url = targetUrl(standIn);
  const open = (options: string) => openTarget(url + options, undefined, bench.settings.secretsDir);
  expect((await problemOf(() => open(''))).type).toBe('CertificateRefused');
  expect((await problemOf(() => open('&ca=/nowhere.pem'))).type).toBe('CertificateRefused');
  for (const options of [`&ca=${standIn.places.tlsCertificate}`, '&tls=insecure']) {
    const target = await open(options);
    await target.check();
    await target.close();
  }
  // trusted, and for another server than the one that was asked for
  proxy = new CuttingProxy(standIn.settings.soapPort);
  const elsewhere = targetUrl(
    standIn,
    `&ca=${standIn.places.tlsCertificate}`,
    await proxy.start('127.0.0.2'),
  );
  const stranger = elsewhere.replace('127.0.0.1', '127.0.0.2');
  const noProof = await problemOf(() => openTarget(stranger, undefined, bench.settings.secretsDir));
  expect([noProof.type, noProof.message]).toEqual([
    'CertificateRefused',
    expect.stringMatching(/does not match/),
  ]);
  const careless = await openTarget(`${stranger}&tls=insecure`, undefined, bench.settings.secretsDir);
  await careless.close();
  await standIn.kill();
  expect((await problemOf(() => open('&tls=insecure'))).type).toBe('TargetUnavailable');
});
