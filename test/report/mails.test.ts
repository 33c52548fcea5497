import { createMailer } from '../../src/mailer';
import type { AccountReport, Finding } from '../../src/report/model';
import {
  endedMail,
  interruptedMail,
  type MailOperation,
  phase1Mail,
  startedMail,
} from '../../src/report/mails';
import { summaryText } from '../../src/report/summary';
import { writeReport } from '../../src/report/write';
import { header, withSmtp } from '../mailer/smtp';
import { account, head, smallAccounts, withFolder } from './sample';

const OP: MailOperation = {
  operationId: 'restore-7d1c',
  operation: 'External Restore',
  host: 'mail2',
  sourcePath: '/mnt/old',
  target: 'imap://ann:hunter2@host',
  startedAt: '2026-03-01T10:00:00.000Z',
};

test('the summary', () => {
  expect(summaryText(head())).toBe(
    [
      'External Restore partial. Done, except for 3 items that could not be restored.',
      'Items:    20 in the source: 14 restored, 1 skipped, 2 filtered, 3 unrestored (1 read error, 2 invalid)',
      'Source:   /mnt/old (mail.example.com)',
      'Target:   Maildir folders below /srv/mail',
      'Duration: 1 minute, 3 seconds',
    ].join('\n'),
  );
});

test('the mail of the start names operation, host, source and target', () => {
  const mail = startedMail(OP);
  expect(mail.event).toBe('Operation Started');
  expect(mail.subject).toBe('Lifeboat: External Restore started (/mnt/old)');
  expect(mail.text).toContain('Operation Id: restore-7d1c\nHost:         mail2\nSource:       /mnt/old\n');
  expect(mail.text).toContain('Target:       imap://ann@host\n');
  expect(mail.text).not.toContain('hunter2');
});

test('the mail of PHASE 1 says what was created and what follows', () => {
  const notes = Array.from({ length: 60 }, (_, i) => `note ${i}`);
  const { provisioned } = head();
  if (provisioned === null) throw new Error('the sample has numbers');
  const mail = phase1Mail(OP, provisioned, notes, true);
  expect(mail.event).toBe('PHASE 1 Feedback');
  expect(mail.text).toContain('People can log in');
  expect(mail.text).toContain('  2 accounts\n  3 aliases\nLeft as they were: 1\n');
  expect(mail.text).toContain('* note 49\n  … and 10 more, in the report\n');
  expect(mail.text).toContain('being restored now');
  expect(phase1Mail(OP, provisioned, [], false).text).toContain('No items are restored');
});

test('the mail of an interruption says by what, on one line', () => {
  const mail = interruptedMail({ ...OP, sourcePath: '/mnt/a\nb' }, 'it was cancelled\nby jane.');
  expect(mail.subject).toBe('Lifeboat: External Restore interrupted (/mnt/a\\nb)');
  expect(mail.text).toContain('was interrupted: it was cancelled\\nby jane.\n');
});

test('the mail of the end carries the report to a real server', async () => {
  await withFolder(async (dir) => {
    const files = await writeReport(dir, { head: head(), accounts: smallAccounts() });
    const mail = await endedMail('mail2', head(), files);
    expect(mail.subject).toBe('Lifeboat: External Restore partial (/mnt/old)');
    expect(mail.text).toContain(`Report:   ${dir} on mail2\n`);
    expect(mail.text).toContain('account: ada@example.com\nunrestored items: 258,301\n');
    expect(mail.text).not.toContain('[…]');
    await withSmtp({}, async (port, received) => {
      const mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from: 'l@example.com', admins: [] });
      const { outcome } = await mailer.send({ ...mail, to: ['admin@example.com'] });
      expect(outcome).toBe('sent');
      expect(header(received[0], 'Subject')).toBe(mail.subject);
      expect(received[0]?.raw).toContain('unrestored items: 258,301');
      expect(received[0]?.raw).toContain('filename=report.txt');
      expect(received[0]?.raw).toContain('filename=report.html');
    });
  });
});

test('of a long report the mail repeats the beginning', async () => {
  function* findings(): Generator<Finding> {
    for (let item = 1; item <= 5_000; item += 1) yield { item, class: 'read', reason: 'I/O error' };
  }
  const accounts: AccountReport[] = [account('a@b.c', '1', { unrestored: 5_000 }, findings())];
  await withFolder(async (dir) => {
    const files = await writeReport(dir, { head: head(), accounts });
    const { text } = await endedMail('mail2', head(), files);
    expect(text.length).toBeLessThan(40 * 1024);
    expect(text).toContain('unrestored items: 1,2,3,');
    expect(text).toMatch(/\n\[…\] The rest is in report\.txt\.\n$/);
  });
});
