/** An export of chosen accounts, by its steps on real files. */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { BackupPath } from '../../src/backup-path/store';
import { Batch } from '../../src/export/batch';
import { checkExport, planExport } from '../../src/export/plan';
import { finishExport } from '../../src/export/finish';
import { RestoreBench } from '../restore/bench';
import { readMailbox } from '../crash/mailboxes';
import { accountInfo, mail, state } from '../restore/store';
import { ExportBench, lackedBy } from './kit';

let bench: ExportBench;
beforeEach(() => {
  bench = new ExportBench();
});
afterEach(() => bench.remove());

function fill(accounts = 2, items = 50): void {
  const { store } = bench;
  for (let a = 1; a <= accounts; a++) {
    const domain = a % 2 === 0 ? 'other.org' : 'example.com';
    store.writer.account(accountInfo(`a${a}`, `user${a}@${domain}`));
    store.writer.accountStat(`a${a}`, { lastItemId: 900, items, lastScan: 0 });
    store.writer.item(`a${a}`, 260, [state({ type: 'folder', name: 'Work', folder: 1 })]);
    for (let i = 0; i < items; i++) {
      const folder = i % 3 === 0 ? 260 : 2;
      store.message(`a${a}`, 300 + i, mail(`m${a} ${i % 40}`), { folder, flags: 'f', tags: ['Work'] });
    }
  }
  store.writer.serverConfig(
    {
      ...{ server: { name: 'mail', attributes: {} }, global: { attributes: {} }, distributionLists: [] },
      domains: ['example.com', 'other.org'].map((name) => ({ id: name, name, attributes: {} })),
      coses: [
        { id: 'c1', name: 'default', attributes: {}, backupEnabled: true },
        { id: 'c2', name: 'external', attributes: {}, backupEnabled: false },
      ],
    },
    new Date(0),
  );
}

const report = (dir: string) =>
  JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as {
    leftOut: { name: string; why: string }[];
    findings: { account: string; item: number; class: string; reason: string }[];
  };

test('restored from the export, the mailboxes are the same', async () => {
  fill();
  const { counts, findings } = await bench.export();
  expect(counts).toMatchObject({ items: 102, written: 102, unchanged: 0, damaged: 0, blobs: 80 });
  expect(findings).toBe(0);
  expect(lackedBy(bench.destination)).toEqual([]);
  const boxes = [];
  for (const sourcePath of [bench.store.root, bench.destination]) {
    const restore = new RestoreBench();
    await restore.restore({ sourcePath });
    boxes.push(
      ['example.com/user1', 'other.org/user2'].map((box) =>
        readMailbox(join(restore.mailDir, box, 'Maildir')),
      ),
    );
    restore.remove();
  }
  expect(boxes[0]?.[0]).toHaveLength(50);
  expect(boxes[1]).toEqual(boxes[0]);
  // a copy of its own: nothing is shared with the source by hard links
  const [folder] = readdirSync(join(bench.destination, 'items')) as [string];
  const [blob] = readdirSync(join(bench.destination, 'items', folder)) as [string];
  expect(statSync(join(bench.destination, 'items', folder, blob)).nlink).toBe(1);
  expect(existsSync(join(bench.destination, '.lifeboat-export'))).toBe(false);
});

test('again: only what is new or changed is written', async () => {
  fill(1, 30);
  await bench.export();
  bench.store.message('a1', 800, mail('new'));
  bench.store.writer.item('a1', 260, [
    state({ type: 'folder', name: 'Work', folder: 1 }),
    state({ type: 'folder', name: 'Works', folder: 1 }),
  ]);
  const { counts } = await bench.export();
  expect(counts).toMatchObject({ items: 32, written: 2, unchanged: 30, blobs: 1 });
});

test('a blob that two lanes copy at the same time counts once', async () => {
  fill(1, 0);
  const digests = ['one', 'two'].map((text) => bench.store.writer.blob(mail(text)));
  const store = BackupPath.open(bench.store.root);
  const { destination } = bench;
  const [first, second] = ['a', 'b'].map(
    (name) => new Batch(store, destination, join(destination, '.lifeboat-export', name)),
  ) as [Batch, Batch];
  // both have it before one of them puts it in its place
  for (const batch of [first, second]) await batch.blob(digests[0] as string);
  await second.blob(digests[1] as string);
  const sizes = digests.map((digest) => statSync(join(store.root, blobPath(digest))).size);
  expect(await first.commit()).toEqual({ blobs: 1, bytes: sizes[0] });
  expect(await second.commit()).toEqual({ blobs: 1, bytes: sizes[1] });
  // an empty file is no blob, and is replaced
  const path = join(destination, blobPath(digests[0] as string));
  truncateSync(path);
  await first.blob(digests[0] as string);
  expect(await first.commit()).toEqual({ blobs: 1, bytes: sizes[0] });
  expect(statSync(path)).toMatchObject({ size: sizes[0], nlink: 1 });
});

test('chosen accounts and domains; what is switched off is left out; the configuration is theirs alone', async () => {
  fill(4, 5);
  const { writer } = bench.store;
  writer.account(accountInfo('a3', 'user3@example.com', { backupEnabled: false }));
  writer.account(accountInfo('a5', 'user5@example.com', { cos: 'c2' }));
  const { reportDir, accounts } = await bench.export({ domains: ['example.com'] });
  expect(accounts).toBe(1);
  expect(report(reportDir).leftOut).toEqual([
    expect.objectContaining({ name: 'user3@example.com', why: 'its backup is switched off' }),
    expect.objectContaining({ name: 'user5@example.com', why: expect.stringContaining('class of service') }),
  ]);
  const exported = BackupPath.open(bench.destination);
  expect(exported.accountIds().ids).toEqual(['a1']);
  expect(exported.serverConfig()?.domains.map(({ name }) => name)).toEqual(['example.com']);
  await expect(bench.export({ accounts: ['nobody@x.org'] })).rejects.toMatchObject({
    type: 'AccountNotFound',
  });
});

test('damage of the source is told, and never written', async () => {
  fill(1, 3);
  const { store } = bench;
  store.dropBlob(store.message('a1', 500, mail('lost')));
  truncateSync(join(store.root, blobPath(store.message('a1', 501, mail('cut')))), 20);
  writeFileSync(join(store.root, itemPath('a1', 502)), '{');
  const old = store.writer.blob(mail('old'));
  store.writer.item('a1', 503, [state({ digest: old }), state({ digest: store.writer.blob(mail('now')) })]);
  store.dropBlob(old);
  // which a reader takes, since the digest proves the content
  const more = store.message('a1', 504, mail('more'));
  appendFileSync(join(store.root, blobPath(more)), 'behind');
  store.writer.account(accountInfo('a9', 'x@example.com'));
  writeFileSync(join(store.root, 'accounts/a9/account_info'), 'no json');
  const { reportDir, counts } = await bench.export();
  expect(counts).toMatchObject({ items: 9, written: 6, damaged: 3 });
  expect(lackedBy(bench.destination, [more])).toEqual([]);
  expect(existsSync(join(bench.destination, blobPath(more)))).toBe(true);
  const found = report(reportDir).findings.map(
    ({ account, item, class: kind }) => `${account} ${item} ${kind}`,
  );
  expect(found.sort()).toEqual([
    'a1 500 read',
    'a1 501 broken',
    'a1 502 broken',
    'a1 503 read',
    'a9 0 broken',
  ]);
  const exported = BackupPath.open(bench.destination);
  expect(exported.itemById('a1', 503)).toHaveLength(1);
  expect(() => exported.itemById('a1', 500)).toThrow();
});

test('a digest that is none is damage, and never becomes a path', async () => {
  fill(1, 2);
  const { writer, root } = bench.store;
  const foreign = join(bench.folder, 'outside');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 's'), 'foreign');
  for (const [at, digest] of ['../../outside/s', '../outside/s', 'x'.repeat(300), 'a\0b'].entries())
    writer.item('a1', 500 + at, [state({ digest })]);
  mkdirSync(join(root, 'outside'));
  writeFileSync(join(root, 'outside/s'), 'of the source');
  const { counts } = await bench.export();
  expect(counts).toMatchObject({ items: 7, written: 3, damaged: 4 });
  expect(readFileSync(join(foreign, 's'), 'utf8')).toBe('foreign');
  expect(existsSync(join(bench.destination, 'outside'))).toBe(false);
});

test('an export that is stopped anywhere never names a blob that it lacks, and goes on where it was', async () => {
  fill(1, 900);
  const request = bench.request();
  planExport(request, bench.stateDir);
  // it dies while it tells of its second batch
  let told = 0;
  const die = (): void => {
    if (++told === 2) throw new Error('the test ends this attempt');
  };
  await expect(bench.lane(request, 0, { onProgress: die })).rejects.toThrow('the test ends');
  expect(lackedBy(bench.destination)).toEqual([]);
  expect(() => BackupPath.open(bench.destination)).toThrow();
  const stopped = await bench.lane(request, 0, { shouldStop: () => true });
  expect(stopped).toMatchObject({ more: true, counts: { items: 400, written: 400 } });
  expect(await bench.lane(request, 0)).toMatchObject({ more: false, counts: { items: 901, written: 901 } });
  finishExport(request, bench.stateDir);
  expect(lackedBy(bench.destination)).toEqual([]);
});

test('a destination that went away is not made anew, a source that went away is no damage', async () => {
  fill(1, 10);
  const request = bench.request();
  planExport(request, bench.stateDir);
  renameSync(bench.destination, `${bench.destination}.away`);
  mkdirSync(bench.destination);
  await expect(bench.lane(request, 0)).rejects.toMatchObject({ type: 'TargetUnavailable' });
  expect(readdirSync(bench.destination)).toEqual([]);
  rmSync(bench.destination, { recursive: true });
  renameSync(`${bench.destination}.away`, bench.destination);
  renameSync(bench.store.root, `${bench.store.root}.away`);
  await expect(bench.lane(request, 0)).rejects.toMatchObject({ type: 'SourceUnavailable' });
  renameSync(`${bench.store.root}.away`, bench.store.root);
  expect(await bench.lane(request, 0)).toMatchObject({ more: false, counts: { written: 11, damaged: 0 } });
});

test('many in a row that cannot be read are believed only after a while', async () => {
  fill(1, 0);
  for (let i = 0; i < 60; i++) bench.store.dropBlob(bench.store.message('a1', 300 + i, mail(`lost ${i}`)));
  const request = bench.request();
  planExport(request, bench.stateDir);
  await expect(bench.lane(request, 0)).rejects.toMatchObject({ type: 'SourceUnavailable' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await bench.lane(request, 0)).toMatchObject({ more: false, counts: { items: 61, damaged: 60 } });
});

test('accounts that end within such a streak are not done before it is believed', async () => {
  fill(0, 0);
  for (let a = 1; a <= 12; a++) {
    bench.store.writer.account(accountInfo(`a${a}`, `user${a}@example.com`));
    for (let i = 0; i < 5; i++) bench.store.message(`a${a}`, 300 + i, mail(`m ${a} ${i}`));
  }
  const request = bench.request({ concurrentAccounts: 1, advanced: { patienceSeconds: 600 } });
  planExport(request, bench.stateDir);
  const blobs = join(bench.store.root, 'items');
  renameSync(blobs, `${blobs}.away`);
  mkdirSync(blobs);
  await expect(bench.lane(request, 0)).rejects.toMatchObject({ type: 'SourceUnavailable' });
  rmSync(blobs, { recursive: true });
  renameSync(`${blobs}.away`, blobs);
  expect(await bench.lane(request, 0)).toMatchObject({ accountsDone: 12, counts: { items: 60, damaged: 0 } });
});

test('destinations that are refused, before anything waits or is made', async () => {
  fill(1, 1);
  const typeOf = (e: { type: string }): string => e.type;
  const refused = async (destinationPath: string) => {
    const check = async () => checkExport(bench.request({ destinationPath }), bench.stateDir);
    const types = [
      await check().then(() => null, typeOf),
      await bench.export({ destinationPath }).then(() => null, typeOf),
    ];
    return [...new Set(types)].join();
  };
  mkdirSync(join(bench.folder, 'full'));
  writeFileSync(join(bench.folder, 'full/file'), '');
  expect(await refused(join(bench.folder, 'full'))).toBe('DestinationOccupied');
  expect(await refused(join(bench.folder, 'full/file'))).toBe('DestinationOccupied');
  expect(await refused(join(bench.store.root, 'sub'))).toBe('SyncOverlap');
  expect(await refused(bench.folder)).toBe('SyncOverlap');
  expect(await refused(join(bench.folder, 'no/such'))).toBe('DestinationMissing');
  const other = join(bench.folder, 'other');
  mkdirSync(other);
  writeFileSync(
    join(other, 'lifeboat-export.json'),
    JSON.stringify({ exportId: 'x', serverId: 'y', serverName: 'z' }),
  );
  expect(await refused(other)).toBe('DestinationOfOtherServer');
  checkExport(bench.request(), bench.stateDir);
  expect(existsSync(bench.destination)).toBe(false);
});

test('a destination that may not be written is told before anything waits or is made', () => {
  fill(1, 1);
  const [shut, under] = [join(bench.folder, 'shut'), join(bench.folder, 'shut/export')];
  mkdirSync(shut, { mode: 0o555 });
  chmodSync(bench.folder, 0o755);
  // a process of its own: root may write everywhere
  const script = `
    const { checkExport } = require(process.argv[1]);
    const [stateDir, ...requests] = JSON.parse(process.argv[2]);
    if (process.getuid() === 0) process.setuid(65534);
    for (const request of requests)
      try { checkExport(request, stateDir); console.log('taken'); }
      catch (error) { console.log(error.type, error.message); }`;
  const requests = [shut, under].map((destinationPath) => bench.request({ destinationPath }));
  const args = ['-e', script, join(__dirname, '../../dist/export/plan.js')];
  const ended = spawnSync(process.execPath, [...args, JSON.stringify([bench.stateDir, ...requests])], {
    encoding: 'utf8',
  });
  expect([ended.stdout, ended.stderr]).toEqual([
    [shut, under]
      .map((path) => `TargetUnavailable The destination ${path} cannot be written (EACCES).\n`)
      .join(''),
    '',
  ]);
});
