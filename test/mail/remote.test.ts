/** Secrets by name, certificates, quota: what a mail server target refuses, and how it says so. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localPathOf, openTarget } from '../../src/mail/open-target';
import { readSecret } from '../../src/mail/remote/secrets';
import { RestoreBench } from '../restore/bench';
import { problemOf, scratch } from './helpers';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { addAccount, addSecret, mailboxLines, userName } from './servers/kit';

test.each([
  ['imap://jane:hunter2@mail.example.com/?secret=a', /name a secret instead/],
  ['imap://mail.example.com/', /the name of a secret is missing/],
  ['imap://mail.example.com/?secret=../passwd', /name of the secret is none/],
  ['imap://mail.example.com/?secret=a&colour=red', /unknown option/],
  ['imap://mail.example.com/?secret=a&tls=perhaps', /tls must be/],
  ['imaps://mail.example.com/?secret=a&tls=none', /without TLS/],
  ['imap://mail.example.com/?secret=a&connections=0', /connections must be a number/],
  ['carbonio://admin:hunter2@mail.example.com/?secret=a', /name a secret instead/],
  ['carbonio://mail.example.com/?user=a', /the name of a secret is missing/],
  ['carbonio://mail.example.com/?secret=a', /the administrator is missing/],
  ['carbonio://mail.example.com/?user=a&secret=../passwd', /name of the secret is none/],
  ['carbonio://mail.example.com/mail?user=a&secret=a', /nothing but options/],
  ['carbonio://mail.example.com/?user=a&secret=a&colour=red', /unknown option/],
  ['carbonio://mail.example.com/?user=a&secret=a&settle=-1', /settle must be a number/],
  ['carbonio:mail.example.com', /no URL/],
])('%s is refused', async (url, expected) => {
  const { type, message } = await problemOf(() => localPathOf(url));
  expect(type).toBe('InvalidInput');
  expect(message).toMatch(expected);
  expect(message).not.toContain('hunter2');
});

test('a secret is one line of a file that nobody else may read', async () => {
  const folder = join(scratch(), 'secrets');
  mkdirSync(folder, { mode: 0o700 });
  const put = (name: string, text: string, mode = 0o600): void =>
    writeFileSync(join(folder, name), text, { mode });
  put('good', 'pass word\n');
  expect(readSecret(folder, 'good')).toBe('pass word');
  put('open', 'x');
  chmodSync(join(folder, 'open'), 0o640);
  put('two', 'a\nb\n');
  put('none', '\n');
  symlinkSync(join(folder, 'good'), join(folder, 'link'));
  for (const name of ['open', 'two', 'none', 'link', 'missing', '../good', 'a/b']) {
    const { type, message } = await problemOf(() => readSecret(folder, name));
    expect(type).toBe('SecretUnusable');
    expect(message).not.toContain('pass word');
  }
  chmodSync(folder, 0o777);
  expect((await problemOf(() => readSecret(folder, 'good'))).type).toBe('SecretUnusable');
  expect((await problemOf(() => readSecret(null, 'good'))).message).toMatch(/LIFEBOAT_SECRETS_DIR/);
});

(hasDovecot() ? describe : describe.skip)('a Dovecot with TLS and a quota', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  beforeAll(async () => {
    server = await new Dovecot({ tls: true, plaintext: false, quota: 30_000 }).start();
  }, 30_000);
  afterAll(async () => server.stop());
  beforeEach(() => {
    bench = new RestoreBench();
    addSecret(bench);
  });
  afterEach(() => bench.remove());

  test('a certificate that does not verify is refused unless told otherwise', async () => {
    const imaps = `imaps://localhost:${server.imapsPort}/?secret=imap`;
    const starttls = `imap://localhost:${server.imapPort}/?secret=imap&tls=on`;
    for (const url of [imaps, starttls]) {
      expect((await problemOf(() => openTarget(url))).type).toBe('CertificateRefused');
      for (const option of [`&ca=${server.certificate}`, url === imaps ? '&tls=insecure' : '']) {
        if (option !== '') await (await openTarget(url + option)).check();
      }
    }
    await (await openTarget(starttls.replace('tls=on', 'tls=insecure'))).check();
    expect((await problemOf(() => openTarget(`${imaps}&ca=/nowhere.pem`))).type).toBe('CertificateRefused');
  });

  test('a certificate of a trusted authority proves nothing for another server', async () => {
    const other = await new Dovecot({
      tls: true,
      certificateNames: 'DNS:mail.example.com,IP:192.0.2.1',
    }).start();
    try {
      // by its name, and by its number: they are looked for in different parts of a certificate
      for (const host of ['localhost', '127.0.0.1']) {
        for (const place of [
          `imaps://${host}:${other.imapsPort}/?secret=imap&tls=on`,
          `imap://${host}:${other.imapPort}/?secret=imap&tls=on`,
          `lmtp://${host}:${other.lmtpPort}/?tls=on`,
        ]) {
          const trusting = `${place}&ca=${other.certificate}`;
          const { type, message } = await problemOf(() => openTarget(trusting));
          expect([type, message]).toEqual(['CertificateRefused', expect.stringMatching(/does not match/)]);
          const careless = await openTarget(trusting.replace('tls=on', 'tls=insecure'));
          await careless.check();
          await careless.close();
        }
      }
    } finally {
      await other.stop();
    }
  });

  test('over LMTP mail goes through STARTTLS, to a server whose certificate verifies', async () => {
    const lmtp = (options: string): string => `lmtp://localhost:${server.lmtpPort}/?wait=1&tls=on${options}`;
    addAccount(bench, 3, 5);
    expect(await problemOf(() => bench.restore({ target: lmtp('') }))).toMatchObject({
      type: 'CertificateRefused',
    });
    const trusted = await bench.restore({ target: lmtp(`&ca=${server.certificate}`) });
    expect(trusted.counters).toMatchObject({ restored: 5, unrestored: 0 });
    // the server itself says how it came: "… with LMTP" in the clear, "with LMTPS" through TLS
    const stored = server.storedMessages(userName(3));
    expect(stored).toHaveLength(5);
    for (const text of stored) expect(text).toMatch(/^Received: [^]*?\bwith LMTPS\b/m);
  });

  test('over quota: what fits is there, the rest is reported, another account is whole', async () => {
    addAccount(bench, 1, 120);
    const small = addAccount(bench, 2, 5);
    const target = `imap://localhost:${server.imapPort}/?secret=imap&ca=${server.certificate}&tls=on`;
    const { counters, report } = await bench.restore({ target });
    const there = counters.restored - 5;
    expect(there).toBeGreaterThan(20);
    expect(counters.unrestored).toBe(120 - there);
    const unrestored = report.accounts[userName(1)]?.unrestored ?? [];
    expect(unrestored[0]).toMatchObject({ class: 'invalid' });
    expect(unrestored[0]?.reason).toMatch(/over quota/);
    server.allowPlaintext();
    await server.kill();
    await server.start();
    expect(mailboxLines(server.imapPort, userName(1))).toHaveLength(there);
    expect(mailboxLines(server.imapPort, userName(2))).toEqual(small);
  });
});
