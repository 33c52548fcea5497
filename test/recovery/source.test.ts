/** Which copy is proposed: the first that is whole; the others are shown with their defects, a remote one is fetched. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { BackupPath } from '../../src/backup-path/store';
import type { DisasterRecoveryRequest } from '../../src/contracts/disaster-recovery';
import { blobBytes, spaceLook } from '../../src/recovery/space';
import { describeRsync, Offsite } from '../offsite/kit';
import { accountInfo, mail, TestStore } from '../restore/store';
import { EngineBench } from '../workflows/carbonio-bench';
import { answer, beginRunbook, untilAsked } from './person';

jest.setTimeout(120_000);
let bench: EngineBench;
beforeAll(async () => {
  bench = await new EngineBench().open();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  bench.messages('a1', 3);
  bench.store.dropBlob(bench.store.message('a1', 400, mail('lost')));
});
afterAll(() => bench.close());

const begin = (request: DisasterRecoveryRequest): Promise<WorkflowHandle> =>
  beginRunbook(bench, 'disasterRecovery', request);

describeRsync('of three places', () => {
  const offsite = new Offsite().fill(2, 5);
  afterAll(() => offsite.clean());

  test('damaged, empty, and remote: the remote one is fetched and proposed', async () => {
    await offsite.sync();
    const { port } = await offsite.daemon();
    const empty = join(bench.dir, 'empty');
    new TestStore(empty);
    const fetchTo = join(bench.dir, 'fetched');
    const handle = await begin({
      oldBackupPath: bench.source,
      externalBackup: empty,
      offsiteCopy: { destination: `rsync://127.0.0.1:${port}/copy`, fetchTo },
    });
    const { text, options, proposed } = await untilAsked(handle, 'source');
    expect(text).toMatch(/old Backup Path .*: 1 accounts of mail\.example\.com.*[1-9] not readable/);
    expect(text).toContain(`external backup ${empty}: cannot be used: It holds no account.`);
    expect(text).toMatch(/offsite copy .*\/fetched: 2 accounts.*the sample is sound/);
    expect(options).toEqual([bench.source, fetchTo]);
    expect(proposed).toEqual([fetchTo]);
    await expect(answer(handle, 'approve', 'source', [empty])).rejects.toMatchObject({
      cause: { message: expect.stringContaining(`There is no choice ${empty}`) as string },
    });
    await handle.terminate('seen');
  });

  test('damaged, and a remote one that cannot be fetched: what can be used at all is proposed', async () => {
    const { port } = await offsite.daemon();
    const offsiteCopy = {
      destination: `rsync://127.0.0.1:${port}/no-such-module`,
      fetchTo: join(bench.dir, 'not-fetched'),
    };
    const handle = await begin({ oldBackupPath: bench.source, offsiteCopy });
    const { text, proposed } = await untilAsked(handle, 'source');
    expect(text).toContain(
      `offsite copy ${offsiteCopy.destination}: cannot be used: It could not be fetched: `,
    );
    expect(proposed).toEqual([bench.source]);
    await handle.terminate('seen');
  });
});

test('room for the source is looked for where it goes; places on one volume share it', async () => {
  const store = BackupPath.open(bench.source);
  const bytes = await blobBytes(store);
  expect(bytes).toBeGreaterThan(100);
  const other = join(bench.dir, 'other');
  mkdirSync(other);
  const here = { mails: bench.dir, backup: other };
  expect(await spaceLook(bytes, here)).toMatchObject({ ok: true, remedy: '' });
  const much = await spaceLook(1e18, here);
  expect(much).toMatchObject({ ok: false });
  expect(much.found).toMatch(/888\.2 PiB.*free are .* for mails \(.*\) and backup \(/);
  const unseen = await spaceLook(bytes, { backup: join(bench.dir, 'nowhere') });
  expect(unseen).toMatchObject({ ok: null, remedy: expect.stringContaining('df') as string });
});
