/** What an LMTP server does not take, and how it says so: over quota, no such account, not now. */
import { localPathOf, writerLockOf } from '../../src/mail/open-target';
import { wireForm } from '../../src/mail/lmtp/content';
import { RestoreBench } from '../restore/bench';
import { mail } from '../restore/store';
import { problemOf } from './helpers';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { addMessages, addSecret, deliveredTo, hex, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';

test.each([
  ['lmtp://jane:hunter2@mail.example.com/', /name a secret instead/],
  ['lmtp://mail.example.com/?secret=a', /unknown option/],
  ['lmtp://mail.example.com/?connections=0', /connections must be a number/],
  ['lmtp://mail.example.com/?lookup=imap://other/', /the name of a secret is missing/],
  ['lmtp://mail.example.com/?lookup=maildir:/srv', /lookup must come last/],
  ['lmtp://mail.example.com/?lookup=imap%3A%2F%2Fx', /lookup must come last/],
  ['lmtp+unix:run/lmtp', /absolute path of a socket/],
])('%s is refused', async (url, expected) => {
  const { type, message } = await problemOf(() => localPathOf(url));
  expect(type).toBe('InvalidInput');
  expect(message).toMatch(expected);
  expect(message).not.toContain('hunter2');
});

test('an LMTP server is no place on this machine, not even by a socket', () => {
  for (const url of ['lmtp+unix:/run/lmtp?wait=3', 'lmtp://h/?lookup=imap://h/?secret=a&user=%u*m']) {
    expect(localPathOf(url)).toBeNull();
    expect(writerLockOf(url)).toBeNull();
  }
});

test.each([
  ['a\r\nb\r\n', 'a\r\nb\r\n'],
  ['', ''],
  ['.', '..\r\n'],
  ['a\n.\nb', 'a\r\n..\r\nb\r\n'],
  ['\n\r\n\n', '\r\n\r\n\r\n'],
  ['a\r', 'a\r\r\n'],
  ['..\r\n.a', '...\r\n..a\r\n'],
])('%j goes over the wire as %j', (text, wire) => {
  expect(Buffer.concat(wireForm(Buffer.from(text))).toString()).toBe(wire);
});

(hasDovecot() ? describe : describe.skip)('a Dovecot with few accounts and a quota', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  beforeAll(async () => {
    server = await new Dovecot({ users: [1, 2, 3].map(userName), quota: 30_000 }).start();
  }, 30_000);
  afterAll(async () => server.stop());
  beforeEach(() => {
    bench = new RestoreBench();
    addSecret(bench);
  });
  afterEach(() => bench.remove());
  const target = (port = server.lmtpPort, lookup = true): string =>
    `lmtp://127.0.0.1:${port}/?wait=1&connections=2` +
    (lookup ? `&lookup=imap://127.0.0.1:${server.imapPort}/?secret=imap&settle=1` : '');

  test('over quota and no such account: the others are whole, and each refusal has its reason', async () => {
    addMessages(bench, 1, 120);
    addMessages(bench, 9, 7);
    const small = addMessages(bench, 2, 5);
    const { counters, report } = await bench.restore({ target: target() });
    const there = deliveredTo(server.imapPort, userName(1)).length;
    expect(there).toBeGreaterThan(20);
    expect(counters).toMatchObject({ restored: there + 5, unrestored: 120 - there + 7 });
    expect(report.status).toBe('partial');
    const reasons = (number: number): string[] =>
      (report.accounts[userName(number)]?.unrestored ?? []).map(({ reason }) => reason);
    expect(reasons(1)[0]).toMatch(/over quota/);
    expect(new Set(reasons(1).map((reason) => reason.slice(0, 25))).size).toBe(1);
    expect(reasons(9)).toHaveLength(7);
    expect(reasons(9)[0]).toMatch(/has no mailbox for user9@example.com \(550 5\.1\.1/);
    expect(deliveredTo(server.imapPort, userName(2))).toEqual(small);
  });

  test('accounts that the server has not at all end the restore at once', async () => {
    addMessages(bench, 8, 3);
    const { type, message } = await problemOf(() => bench.restore({ target: target() }));
    expect(type).toBe('TargetRefused');
    expect(message).toMatch(/has no mailbox for user8@example.com/);
  });

  test('a mailbox that says "later" is asked again; one that says it too long is left, the others go on', async () => {
    const [first, second] = [addMessages(bench, 2, 4, 1), addMessages(bench, 3, 6, 1)];
    const proxy = new CuttingProxy(server.lmtpPort);
    const port = await proxy.start();
    let later = 0;
    // the server's word for an unknown mailbox stands for one that does not work now
    proxy.requests = (data) => {
      const text = data.toString('latin1');
      const ofFirst = text.includes(`<${userName(2)}>`) && !text.startsWith('RCPT');
      if (!ofFirst && !(text.includes(`<${userName(3)}>`) && text.startsWith('MAIL') && ++later <= 2))
        return data;
      return Buffer.from(text.replace(/<user\d@/, '<later@'), 'latin1');
    };
    proxy.answers = (data) =>
      data.toString('latin1').replace(/550 5\.1\.1 <later@[^\r]*/g, '451 4.2.1 not now');
    try {
      const { counters, report } = await bench.restore({ target: target(port) });
      const reasons = report.accounts[userName(2)]?.unrestored.map(({ reason }) => reason) ?? [];
      expect(reasons).toHaveLength(4);
      expect(reasons[0]).toMatch(/the mailbox takes nothing for now \(451 4\.2\.1 not now\)/);
      expect(counters).toMatchObject({ restored: 6, unrestored: 4 });
      expect(later).toBeGreaterThan(2);
      expect(deliveredTo(server.imapPort, userName(3))).toEqual(second);
    } finally {
      await proxy.stop();
    }
    // it works again
    const again = await bench.restore({ target: target(), accounts: [userName(2)] });
    expect(again.counters).toMatchObject({ restored: 4, unrestored: 0 });
    expect(deliveredTo(server.imapPort, userName(2)).filter((digest) => first.includes(digest))).toEqual(
      first,
    );
  });

  test.each([
    ['recipients', /550 5\.1\.1 <later@[^\r]*/g, '451 4.2.1 not now'],
    ['content', /^250 2\.0\.0 <[^\r]*/gm, '451 4.3.0 not now'],
  ])('a server that puts all %s off is waited for, nothing is recorded', async (what, answer, later) => {
    for (const number of [1, 2, 3]) addMessages(bench, number, 2, 3);
    // what it took all the same fills the mailboxes: one without a quota
    const roomy = await new Dovecot({ users: [1, 2, 3].map(userName) }).start();
    const proxy = new CuttingProxy(roomy.lmtpPort);
    const port = await proxy.start();
    try {
      const request = await bench.begin({ target: target(port) });
      // the server's word for an unknown mailbox stands for one that does not work now
      proxy.requests = (data) =>
        what === 'recipients'
          ? Buffer.from(data.toString('latin1').replace(/<user\d@/g, '<later@'), 'latin1')
          : data;
      proxy.answers = (data) => data.toString('latin1').replace(answer, later);
      await expect(bench.slice(request)).rejects.toMatchObject({
        type: 'TargetUnavailable',
        message: expect.stringContaining('takes nothing for now'),
      });
      expect((await bench.report(request)).counters).toMatchObject({ restored: 0, unrestored: 0 });
    } finally {
      await proxy.stop();
      await roomy.stop();
    }
  });

  test.each([
    ['the first', 1000],
    ['a later one', 1003],
  ])('%s that the server never takes is the only one that is left', async (_, poison) => {
    addMessages(bench, 2, 6, 2);
    bench.store.message('acc-2', poison, mail('poison'));
    const proxy = new CuttingProxy(server.lmtpPort);
    const port = await proxy.start();
    // as the server says of a message that it cannot store
    let poisoned = false;
    proxy.requests = (data) => {
      poisoned = data.includes('Subject: poison');
      return data;
    };
    proxy.answers = (data) =>
      poisoned ? data.toString('latin1').replace(/^250 2\.0\.0 [^\r]*/gm, '451 4.6.0 not this one') : data;
    try {
      const { counters, report } = await bench.restore({
        target: `lmtp://127.0.0.1:${port}/?wait=1&connections=1`,
      });
      expect(counters).toMatchObject({ restored: 5, unrestored: 1 });
      expect(report.accounts[userName(2)]?.unrestored).toMatchObject([
        { item: poison, reason: expect.stringContaining('does not take it for now (451 4.6.0') },
      ]);
    } finally {
      await proxy.stop();
    }
  });

  test('a server without pipelining', async () => {
    const proxy = new CuttingProxy(server.lmtpPort);
    const port = await proxy.start();
    // where it stands in the list of capabilities depends on the server
    proxy.answers = (data) => data.toString('latin1').replace(/\bPIPELINING\b/, 'NOTHING');
    let together = 0;
    proxy.requests = (data) => {
      if (/^MAIL FROM.*\r\nRCPT/.test(data.toString('latin1'))) together++;
      return data;
    };
    try {
      const expected = addMessages(bench, 3, 30, 1).concat(hex(mail('refused?')));
      bench.store.message('acc-3', 5000, mail('refused?'));
      const { counters } = await bench.restore({ target: target(port, false) });
      expect(counters.restored + counters.unrestored).toBe(31);
      expect([counters.unrestored, together]).toEqual([0, 0]);
      const there = deliveredTo(server.imapPort, userName(3));
      expect(expected.every((digest) => there.includes(digest))).toBe(true);
    } finally {
      await proxy.stop();
    }
  });
});
