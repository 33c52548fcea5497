import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createMailer } from '../../src/mailer';
import { ATTACHMENT_LIMIT } from '../../src/mailer/attachments';
import { withFolder } from '../report/sample';
import { closedPort, header, withSilence, withSmtp } from './smtp';

const FROM = 'Lifeboat <lifeboat@example.com>';
const ADMIN = 'admin@example.com';
const MAIL = { event: 'Operation Started', to: [], subject: 'Restore started', text: 'It runs.\n' };

const mailerAt = (url: string | null, admins: string[] = [ADMIN], timeoutMs = 2_000) =>
  createMailer({ url, from: FROM, admins, timeoutMs });

test('a mail arrives once for each recipient, with its text', async () => {
  await withSmtp({}, async (port, received) => {
    const result = await mailerAt(`smtp://127.0.0.1:${port}`).send({
      ...MAIL,
      to: ['jane@example.com', 'ADMIN@example.com', ' jane@example.com '],
      text: 'Größe: ok\n',
    });
    expect(result).toEqual({
      event: 'Operation Started',
      to: ['admin@example.com', 'jane@example.com'],
      outcome: 'sent',
    });
    expect(received).toHaveLength(1);
    expect(received[0]?.from).toBe('lifeboat@example.com');
    expect(received[0]?.to).toEqual(['admin@example.com', 'jane@example.com']);
    expect(header(received[0], 'Subject')).toBe('Restore started');
    expect(header(received[0], 'Auto-Submitted')).toBe('auto-generated');
    expect(received[0]?.raw).toContain('Gr=C3=B6=C3=9Fe: ok');
  });
});

test('without a server, or anybody to tell, it says so', async () => {
  const none = 'not sent: no SMTP server is configured (LIFEBOAT_SMTP_URL)';
  expect((await mailerAt(null).send(MAIL)).outcome).toBe(none);
  expect((await mailerAt('').send(MAIL)).outcome).toBe(none);
  expect((await mailerAt('smtp://127.0.0.1:1', []).send(MAIL)).outcome).toBe(
    'not sent: there is nobody to tell',
  );
});

test('a subject, a sender or an address cannot add a header or a recipient', async () => {
  await withSmtp({}, async (port, received) => {
    const mailer = createMailer({
      url: `smtp://127.0.0.1:${port}`,
      from: 'lifeboat@example.com\r\nX-Evil: 1',
      admins: [ADMIN],
    });
    const hostile = mailerAt(`smtp://127.0.0.1:${port}`);
    const bad = [
      'a@x.example\r\nBcc: eve@x.example',
      'a@x.example, eve@x.example',
      'Eve <eve@x.example>',
      'a@x.example> NOTIFY=NEVER <b@x.example',
    ];
    const result = await hostile.send({
      ...MAIL,
      to: bad,
      subject: 'Restore\r\nBcc: eve@x.example\r\n\r\nbody',
    });
    expect(result.outcome).toMatch(/^sent to 1 of 5; refused: /);
    expect(result.outcome).not.toMatch(/[\r\n]/);
    await mailer.send(MAIL);
    for (const mail of received) {
      expect(mail.to).toEqual([ADMIN]);
      expect(header(mail, 'Bcc')).toBeUndefined();
      expect(header(mail, 'X-Evil')).toBeUndefined();
    }
    expect(header(received[0], 'Subject')).toBe('Restore\\r\\nBcc: eve@x.example\\r\\n\\r\\nbody');
  });
});

test('a refused recipient is named, the others get the mail', async () => {
  const options = {
    onRcptTo(address: { address: string }, _session: unknown, done: (error?: Error | null) => void) {
      if (!address.address.startsWith('gone')) return done();
      done(Object.assign(new Error('no such user'), { responseCode: 550 }));
    },
  };
  await withSmtp(options, async (port, received) => {
    const mailer = mailerAt(`smtp://127.0.0.1:${port}`);
    const some = await mailer.send({ ...MAIL, to: ['gone@example.com'] });
    expect(some.outcome).toMatch(/^sent to 1 of 2; refused: gone@example\.com \(.*no such user.*\)$/);
    expect(received.map((mail) => mail.to)).toEqual([[ADMIN]]);

    const all = await mailerAt(`smtp://127.0.0.1:${port}`, []).send({ ...MAIL, to: ['gone@example.com'] });
    expect(all.outcome).toMatch(/^not sent: .*no such user/);
    expect(received).toHaveLength(1);
  });
});

test('a server that is not there, or says nothing, is no exception', async () => {
  const refused = await mailerAt(`smtp://127.0.0.1:${await closedPort()}`).send(MAIL);
  expect(refused.outcome).toMatch(/^not sent: .*ECONNREFUSED/);
  await withSilence(async (port) => {
    const began = Date.now();
    const silent = await mailerAt(`smtp://127.0.0.1:${port}`, [ADMIN], 300).send(MAIL);
    expect(silent.outcome).toBe(`not sent: mail server 127.0.0.1:${port}: Timeout`);
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});

describe('a password', () => {
  const USER = 'lifeboat-relay';
  const PASS = 'c0rrect h@rse/$1';
  const url = (port: number) => `smtp://${USER}:${encodeURIComponent(PASS)}@127.0.0.1:${port}`;
  const plain = Buffer.from(`\u0000${USER}\u0000${PASS}`).toString('base64');
  const secrets = [
    PASS,
    encodeURIComponent(PASS),
    Buffer.from(PASS).toString('base64'),
    plain,
    USER,
    Buffer.from(USER).toString('base64'),
  ];

  test('is used to log in', async () => {
    const seen: unknown[] = [];
    await withSmtp(
      {
        allowInsecureAuth: true,
        authOptional: false,
        onAuth(auth, _session, done) {
          seen.push([auth.username, auth.password]);
          done(null, { user: auth.username });
        },
      },
      async (port, received) => {
        expect((await mailerAt(url(port)).send(MAIL)).outcome).toBe('sent');
        expect(seen).toEqual([[USER, PASS]]);
        expect(received).toHaveLength(1);
      },
    );
  });

  test('never appears in the outcome, even when the server repeats it', async () => {
    await withSmtp(
      {
        allowInsecureAuth: true,
        onAuth(auth, _session, done) {
          done(new Error(`wrong: ${secrets.join(' | ')} for user ${String(auth.username)}`));
        },
      },
      async (port) => {
        const { outcome } = await mailerAt(url(port)).send(MAIL);
        expect(outcome).toMatch(/^not sent: .*wrong: \*\*\*/);
        for (const secret of secrets) expect(outcome).not.toContain(secret);
      },
    );
    const gone = await mailerAt(url(await closedPort())).send(MAIL);
    expect(gone.outcome).toContain('ECONNREFUSED');
    for (const secret of secrets) expect(gone.outcome).not.toContain(secret);
  });

  test.each([
    `smtp://ann:${PASS}@127.0.0.1:25`,
    `http://ann:hunter2@127.0.0.1`,
    `smtp://ann:hunter2@127.0.0.1?debug=hunter2`,
    `smtp://ann:hunter2%zz@127.0.0.1`,
    `smtp://ann:hunter2@127.0.0.1?tls=hunter2`,
    `ann:hunter2`,
  ])('in a wrong URL is not repeated: %s', async (wrong) => {
    const { outcome } = await mailerAt(wrong).send(MAIL);
    expect(outcome).toMatch(/^not sent: LIFEBOAT_SMTP_URL cannot be used: /);
    expect(outcome).not.toContain('hunter2');
    expect(outcome).not.toContain('h@rse');
  });
});

test('files go along; what is missing or too large is named in the text', async () => {
  await withFolder(async (dir) => {
    const small = path.join(dir, 'report.txt');
    const large = path.join(dir, 'report.html');
    await writeFile(small, 'the report');
    await writeFile(large, Buffer.alloc(ATTACHMENT_LIMIT + 1));
    await withSmtp({}, async (port, received) => {
      const { outcome } = await mailerAt(`smtp://127.0.0.1:${port}`).send({
        ...MAIL,
        attachments: [small, large, path.join(dir, 'no-such-file')],
      });
      expect(outcome).toBe('sent');
      const raw = (received[0]?.raw ?? '').replace(/=\r\n/g, '');
      expect(raw).toContain('filename=report.txt');
      expect(raw).toContain(Buffer.from('the report').toString('base64').replace(/=+$/, ''));
      expect(raw).not.toContain('filename=report.html');
      expect(raw).toContain(`${large} (5.0 MiB) is too large to go with this mail.`);
      expect(raw).toMatch(/no-such-file is not attached: ENOENT/);
    });
  });
});
