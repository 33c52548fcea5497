/** A mailbox that says "later" (4xx) for ever while nobody else takes mail: a restore does not wait for ever. */
import { FAILURES } from '../../src/failures';
import { TASKS, type TaskProgress } from '../../src/restore/tasks';
import { problemOf } from '../mail/helpers';
import { Dovecot, hasDovecot } from '../mail/servers/dovecot';
import { addMessages, addSecret, deliveredTo, userName } from '../mail/servers/kit';
import { CuttingProxy } from '../mail/servers/proxy';
import { RestoreBench } from './bench';

const QUIET = { stopRequested: () => false };

(hasDovecot() ? describe : describe.skip)('a mailbox that takes nothing for now', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy;
  let target: string;
  /** Numbers of the users that are put off. */
  const later = new Set<number>();
  beforeAll(async () => {
    server = await new Dovecot({ users: [1, 2, 3].map(userName) }).start();
    proxy = new CuttingProxy(server.lmtpPort);
    // the server's word for an unknown mailbox stands for one that does not work now
    proxy.requests = (data) => {
      const text = data.toString('latin1');
      const isOf = [...later].some((number) => text.includes(`TO:<${userName(number)}>`));
      // asking whether it is there at all is answered: a probe says RCPT by itself
      return isOf && !text.startsWith('RCPT')
        ? Buffer.from(text.replace(/<user\d@/, '<later@'), 'latin1')
        : data;
    };
    proxy.answers = (data) =>
      data.toString('latin1').replace(/550 5\.1\.1 <later@[^\r]*/g, '450 4.2.1 Mailbox disabled');
    const port = await proxy.start();
    target =
      `lmtp://127.0.0.1:${port}/?wait=0&connections=1` +
      `&lookup=imap://127.0.0.1:${server.imapPort}/?secret=imap&settle=1`;
  }, 30_000);
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });
  beforeEach(() => {
    later.clear();
    bench = new RestoreBench();
    addSecret(bench);
  });
  afterEach(() => bench.remove());

  test('alone: it is asked again, and at the end of the patience the restore fails and names it', async () => {
    addMessages(bench, 1, 2);
    later.add(1);
    const patient = await bench.begin({ target, advanced: { patienceSeconds: 3600 } });
    expect((await problemOf(() => bench.slice(patient))).type).toBe('TargetUnavailable');
    const hasty = await bench.begin({ target, advanced: { patienceSeconds: 0 } });
    const { type, message } = await problemOf(() => bench.slice(hasty));
    expect(type).toBe('MailboxPutsOff');
    expect(message).toMatch(/user1@example\.com.*450 4\.2\.1 Mailbox disabled.*no other mailbox/);
    expect(FAILURES[type].retryable).toBe(false);
    expect((await bench.report(hasty)).counters).toMatchObject({ restored: 0, unrestored: 0 });
    // the same restore goes on where it was
    later.clear();
    expect((await bench.slice(hasty)).counters).toMatchObject({ restored: 2, unrestored: 0 });
  });

  test('the last of many: it is given up, and the restore ends', async () => {
    addMessages(bench, 2, 2);
    addMessages(bench, 3, 4);
    later.add(3);
    const request = await bench.begin({ target, advanced: { patienceSeconds: 0 } });
    // in the attempt that asks it nobody else takes mail
    const progress = ({ accountsDone }: TaskProgress): void => {
      if (accountsDone === 1) throw new Error('the test ends this attempt');
    };
    const { settings } = bench;
    const attempt = TASKS.slice({ request, settings, lane: 0, seconds: 60 }, { ...QUIET, progress });
    await expect(attempt).rejects.toThrow('the test ends');
    const { more, counters } = await bench.slice(request);
    expect([more, counters.restored, counters.unrestored]).toEqual([false, 2, 4]);
    const { report } = await bench.report(request);
    expect(report.accounts[userName(3)]?.unrestored[0]).toMatchObject({
      class: 'invalid',
      reason: expect.stringMatching(/takes nothing for now \(450 4\.2\.1/),
    });
  });

  test('one whose login does not work for now (IMAP): the others go on', async () => {
    addMessages(bench, 2, 2);
    const other = addMessages(bench, 3, 4, 9);
    const imap = new CuttingProxy(server.imapPort);
    const port = await imap.start();
    // the server's word for a wrong password stands for one about a mailbox whose store is away
    const wrong = Buffer.from(`\0${userName(2)}\0wrong`).toString('base64');
    imap.requests = (data) => {
      const [all, sent = ''] = /AUTHENTICATE PLAIN (\S+)/.exec(data.toString('latin1')) ?? [];
      const isOf = Buffer.from(sent, 'base64').toString().includes(userName(2));
      return all !== undefined && isOf
        ? Buffer.from(data.toString('latin1').replace(sent, wrong), 'latin1')
        : data;
    };
    imap.answers = (data) => data.toString('latin1').replace('NO [AUTHENTICATIONFAILED]', 'NO [UNAVAILABLE]');
    try {
      const url = `imap://127.0.0.1:${port}/?secret=imap&settle=1`;
      const request = await bench.begin({ target: url, advanced: { patienceSeconds: 0 } });
      const { more, counters } = await bench.slice(request);
      expect([more, counters.restored, counters.unrestored]).toEqual([false, 4, 2]);
      const { report } = await bench.report(request);
      expect(report.accounts[userName(2)]?.unrestored[0]?.reason).toMatch(/refuses the login of user2/);
    } finally {
      await imap.stop();
    }
    const there = deliveredTo(server.imapPort, userName(3));
    expect(other.every((digest) => there.includes(digest))).toBe(true);
  });

  test('of several each is asked in turn: one that works again does not wait for the others', async () => {
    const first = addMessages(bench, 1, 3, 5);
    addMessages(bench, 3, 2);
    later.add(1).add(3);
    const request = await bench.begin({ target, advanced: { patienceSeconds: 3600 } });
    expect((await problemOf(() => bench.slice(request))).type).toBe('TargetUnavailable');
    later.delete(1);
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: 3, unrestored: 2 });
    const there = deliveredTo(server.imapPort, userName(1));
    expect(first.every((digest) => there.includes(digest))).toBe(true);
  });
});
