/** A worker that is killed: the administrators are told, and the restore goes on. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, sleep, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { withSmtp } from '../mailer/smtp';
import { replayAll } from '../replay/replay';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';

const ITEMS = 3000;
const taskQueue = 'interrupted-test';
const address = process.env.LIFEBOAT_TEST_ADDRESS as string;

let bench: RestoreBench;
let worker: TestWorker;
beforeEach(() => {
  bench = new RestoreBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let i = 0; i < ITEMS; i++) bench.store.message('a1', 300 + i, mail(`m${i}`));
  mkdirSync(bench.settings.stateDir);
});
afterEach(async () => {
  await worker.kill();
  bench.remove();
});

const subjectsOf = (mails: readonly { raw: string }[]): string[] =>
  mails.map(({ raw }) => /^Subject: (.*?)(?:\r?\n[ \t](.*))?\r?$/m.exec(raw)?.slice(1).join('') ?? '');
const inbox = (): number => {
  const cur = join(bench.mailDir, 'example.com/jane/Maildir/cur');
  return existsSync(cur) ? readdirSync(cur).length : 0;
};

test.each([
  ['SIGKILL', true],
  ['SIGTERM', false],
] as const)('%s of a worker', async (signal, told) => {
  await withSmtp({}, async (port, received) => {
    const env = { LIFEBOAT_SMTP_URL: `smtp://127.0.0.1:${port}`, LIFEBOAT_ADMINS: 'admin@example.com' };
    const start = () => spawnWorker({ address, stateDir: bench.settings.stateDir, taskQueue, env });
    worker = start();
    const client = await connect(address);
    const id = `interrupted-${signal}-${Date.now()}`;
    const handle = await startRestore(client, taskQueue, id, {
      sourcePath: bench.store.root,
      target: bench.settings.defaultTarget,
      advanced: { heartbeatSeconds: 1 },
    });
    while (inbox() === 0) await sleep(10);
    if (signal === 'SIGKILL') await worker.kill();
    else await worker.stop();
    expect(inbox()).toBeLessThan(ITEMS);
    worker = start();
    const result = await handle.result();
    expect(result).toMatchObject({ restored: ITEMS, unrestored: 0 });
    const events = [
      'Operation Started',
      'PHASE 1 Feedback',
      ...(told ? ['Operation Interrupted'] : []),
      'Operation Ended',
    ];
    const report = JSON.parse(readFileSync(join(result.reportDir, 'report.json'), 'utf8')) as {
      notifications: { event: string; outcome: string }[];
    };
    expect(report.notifications).toEqual(
      events.map((event): unknown => expect.objectContaining({ event, outcome: 'sent' })),
    );
    expect(received).toHaveLength(events.length);
    expect(subjectsOf(received).some((subject) => subject.includes('interrupted'))).toBe(told);
    expect(inbox()).toBe(ITEMS);
    expect(readdirSync(result.reportDir).filter((name) => name.endsWith('.running'))).toEqual([]);
    await replayAll(client, id);
    expect(await worker.stop()).toBe(0);
    await client.connection.close();
  });
});
