/** Sources and targets that go away, disks that fill up, attempts that were overtaken. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { itemPath } from '../../src/backup-path/layout';
import { Ledger } from '../../src/ledger/ledger';
import { openTarget } from '../../src/mail/open-target';
import { itemKeyOf } from '../../src/restore/item-key';
import { RestoreBench } from './bench';
import { accountInfo, mail, SERVER_ID, state } from './store';

let bench: RestoreBench;
beforeEach(() => {
  bench = new RestoreBench();
});
afterEach(() => bench.remove());

const problem = (type: string, message?: RegExp): unknown =>
  expect.objectContaining({
    name: 'Problem',
    type,
    ...(message ? { message: expect.stringMatching(message) } : {}),
  });
const cur = (account = 'jane'): string => join(bench.mailDir, 'example.com', account, 'Maildir/cur');

function messages(account: string, name: string, count: number): string[] {
  bench.store.writer.account(accountInfo(account, `${name}@example.com`));
  return Array.from({ length: count }, (_, i) => bench.store.message(account, 300 + i, mail(`${name} ${i}`)));
}

/** Does something once, when the first batch has been recorded: what is told before that is the listing of the mailbox. */
function afterFirstBatch(action: () => void): () => void {
  let calls = 0;
  return () => {
    if (++calls === 2) action();
  };
}

test.each(['items', 'accounts', '.'])(
  'a source whose %s goes away classes nothing; when it is back the restore goes on',
  async (part) => {
    messages('a1', 'jane', 1000);
    const request = await bench.begin();
    const path = join(bench.store.root, part);
    const away = `${bench.folder}/away`;
    let gone = false;
    const leave = (): void => {
      if (!gone) renameSync(path, away);
      gone = true;
    };
    await expect(bench.slice(request, { onProgress: leave })).rejects.toEqual(problem('SourceUnavailable'));
    // still away: an outage, not a wrong path
    if (part === '.') await expect(bench.slice(request)).rejects.toEqual(problem('SourceUnavailable'));
    renameSync(away, path);
    expect((await bench.slice(request)).counters).toMatchObject({
      restored: 1000,
      skipped: 0,
      unrestored: 0,
    });
  },
);

test('a source that went away before an account was begun does not make it an empty one', async () => {
  messages('a1', 'jane', 10);
  const request = await bench.begin();
  const away = `${bench.folder}/away`;
  // told while the mailbox is listed, before the first item is read
  let gone = false;
  const leave = (): void => {
    if (!gone) renameSync(join(bench.store.root, 'accounts'), away);
    gone = true;
  };
  await expect(bench.slice(request, { onProgress: leave })).rejects.toEqual(problem('SourceUnavailable'));
  renameSync(away, join(bench.store.root, 'accounts'));
  expect((await bench.slice(request)).counters).toMatchObject({ restored: 10 });
});

test('an empty folder mounted over the source is not taken for it', async () => {
  messages('a1', 'jane', 600);
  const request = await bench.begin();
  const replace = afterFirstBatch(() => {
    renameSync(bench.store.root, `${bench.folder}/away`);
    mkdirSync(bench.store.root);
  });
  await expect(bench.slice(request, { onProgress: replace })).rejects.toEqual(problem('SourceUnavailable'));
});

test('fifty items in a row that fail alike are not believed, until the patience is over', async () => {
  // a walk goes by the last two digits of the id: these 100 lie together
  messages('a1', 'jane', 400)
    .filter((_, i) => i % 100 >= 20 && i % 100 < 45)
    .forEach((digest) => bench.store.dropBlob(digest));
  const patient = await bench.begin({ advanced: { patienceSeconds: 3600 } });
  await expect(bench.slice(patient)).rejects.toEqual(
    problem('SourceUnavailable', /50 items in a row.*ENOENT/),
  );
  await expect(bench.slice(patient)).rejects.toEqual(problem('SourceUnavailable'));
  const hasty = await bench.begin({ advanced: { patienceSeconds: 0 } });
  await expect(bench.slice(hasty)).rejects.toEqual(problem('SourceUnavailable'));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await bench.slice(hasty)).counters).toMatchObject({ source: 400, unrestored: 100 });
});

test('a streak over many small accounts unclasses what was classed of it', async () => {
  for (let a = 0; a < 12; a++) {
    const digests = messages(`a${a}`, `user${a}`, 10);
    if (a >= 2) digests.forEach((digest) => bench.store.dropBlob(digest));
  }
  const request = await bench.begin({ advanced: { patienceSeconds: 0 } });
  await expect(bench.slice(request)).rejects.toEqual(problem('SourceUnavailable'));
  const ledger = Ledger.open(bench.settings.stateDir);
  const operation = ledger.existingOperation(request.operationKey);
  expect(operation.totals().counters.unrestored).toBe(0);
  expect([...operation.allFindings()]).toEqual([]);
  await ledger.close();
  expect((await bench.slice(request)).counters).toMatchObject({ source: 120, unrestored: 100 });
});

test('forty-nine are simply lost', async () => {
  const digests = messages('a1', 'jane', 100);
  digests.slice(20, 69).forEach((digest) => bench.store.dropBlob(digest));
  const request = await bench.begin();
  expect((await bench.slice(request)).counters).toMatchObject({ source: 100, restored: 51, unrestored: 49 });
});

test('a target that goes away, or comes back as another one, gets nothing', async () => {
  messages('a1', 'jane', 600);
  const request = await bench.begin();
  const leave = afterFirstBatch(() => renameSync(bench.mailDir, `${bench.folder}/away`));
  await expect(bench.slice(request, { onProgress: leave })).rejects.toEqual(problem('TargetUnavailable'));
  mkdirSync(bench.mailDir);
  await expect(bench.slice(request)).rejects.toEqual(problem('TargetUnavailable'));
  expect(readdirSync(bench.mailDir)).toEqual([]);
  rmSync(bench.mailDir, { recursive: true });
  renameSync(`${bench.folder}/away`, bench.mailDir);
  expect((await bench.slice(request)).counters).toMatchObject({ restored: 600, unrestored: 0 });
  expect(readdirSync(cur())).toHaveLength(600);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot(
  'a target that fills up: nothing half-written, and the restore goes on once there is room',
  async () => {
    messages('a1', 'jane', 500);
    mkdirSync(bench.mailDir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'lifeboat-test', bench.mailDir]);
    try {
      const request = await bench.begin();
      const ballast = join(bench.mailDir, 'ballast');
      writeFileSync(ballast, Buffer.alloc(7 * 1024 * 1024));
      await expect(bench.slice(request)).rejects.toEqual(problem('TargetFull'));
      expect(readdirSync(join(cur(), '../tmp'))).toEqual([]);
      rmSync(ballast);
      expect((await bench.slice(request)).counters).toMatchObject({ restored: 500, unrestored: 0 });
    } finally {
      execFileSync('umount', [bench.mailDir]);
    }
  },
);

asRoot('a target that is clearly too small is refused before anything is restored', async () => {
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  bench.store.message('a1', 300, mail('big', 'x'.repeat(20_000_000)));
  mkdirSync(bench.mailDir);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'lifeboat-test', bench.mailDir]);
  try {
    await expect(bench.begin()).rejects.toEqual(problem('TargetTooSmall', /free; about 20 MB are needed/));
  } finally {
    execFileSync('umount', [bench.mailDir]);
  }
});

test('an attempt that was overtaken writes nothing more', async () => {
  messages('a1', 'jane', 1000);
  const request = await bench.begin();
  const overtake = afterFirstBatch(() => {
    const ledger = Ledger.open(bench.settings.stateDir);
    const operation = ledger.existingOperation(request.operationKey);
    ledger.takeAccount(operation.row().scope, operation.work(0).account);
  });
  await expect(bench.slice(request, { onProgress: overtake })).rejects.toEqual(problem('StaleAttempt'));
  expect(readdirSync(cur())).toHaveLength(256);
  expect((await bench.slice(request)).counters).toMatchObject({ restored: 1000 });
});

test('what was delivered and not booked is found, not delivered again; what was only intended is delivered', async () => {
  messages('a1', 'jane', 10);
  const request = await bench.begin();
  const ledger = Ledger.open(bench.settings.stateDir);
  const operation = ledger.existingOperation(request.operationKey);
  const account = ledger.takeAccount(operation.row().scope, operation.work(0).account);
  account.finishEnumeration();
  account.write(() => [300, 301].forEach((item) => account.markIntent(item, operation.number)));
  await ledger.close();
  // as if the attempt had died after it made the first visible
  const target = await openTarget(bench.settings.defaultTarget);
  const mailbox = await target.openMailbox({ id: 'a1', name: 'jane@example.com' });
  const content = { kind: 'memory', bytes: mail('jane 0') } as const;
  const { folder } = await mailbox.systemFolder('Inbox');
  const key = itemKeyOf(SERVER_ID, 'a1', 300);
  await mailbox.deliver({ itemId: 300, key, folder, flags: 'u', tags: [], date: 1, content });
  await mailbox.commit(() => undefined);
  await mailbox.close();
  expect((await bench.slice(request)).counters).toMatchObject({ source: 10, restored: 10, skipped: 0 });
  expect(readdirSync(cur())).toHaveLength(10);
});

test('another Backup Path in the place of the source is not taken for it', async () => {
  messages('a1', 'jane', 100);
  const request = await bench.begin();
  const other = new RestoreBench();
  try {
    const raw = JSON.parse(readFileSync(join(other.store.root, 'backup.json'), 'utf8')) as object;
    writeFileSync(join(other.store.root, 'backup.json'), JSON.stringify({ ...raw, serverId: 'another' }));
    renameSync(bench.store.root, `${bench.folder}/away`);
    renameSync(other.store.root, bench.store.root);
    await expect(bench.slice(request)).rejects.toEqual(problem('SourceUnavailable', /of another server/));
  } finally {
    other.remove();
  }
});

test('an account that vanished since the plan is not "everything restored"', async () => {
  messages('a1', 'jane', 100);
  const request = await bench.begin();
  rmSync(join(bench.store.root, 'accounts/a1'), { recursive: true });
  expect((await bench.slice(request)).counters).toMatchObject({ restored: 0, unrestored: 1 });
});

test('failing reads over small accounts add up, however short the work units are', async () => {
  for (let a = 0; a < 10; a++) {
    messages(`a${a}`, `user${a}`, 20).forEach((digest) => bench.store.dropBlob(digest));
  }
  const request = await bench.begin();
  const untilDone = async (): Promise<void> => {
    while ((await bench.slice(request, { seconds: 0.005 })).more);
  };
  await expect(untilDone()).rejects.toEqual(problem('SourceUnavailable'));
  const ledger = Ledger.open(bench.settings.stateDir);
  expect(ledger.existingOperation(request.operationKey).totals().counters.unrestored).toBe(0);
  await ledger.close();
});

test('what is recorded in a streak is taken back when the source then goes altogether, or the attempt dies', async () => {
  for (let a = 0; a < 6; a++) messages(`a${a}`, `user${a}`, 10);
  const request = await bench.begin();
  const blobs = join(bench.store.root, 'items');
  renameSync(blobs, `${bench.folder}/items`);
  mkdirSync(blobs);
  // the folder is another one than when the store was opened again by this step: only the streak tells
  await expect(bench.slice(request, { failAfterBatches: 4 })).rejects.toThrow('the test ends this attempt');
  rmSync(blobs, { recursive: true });
  renameSync(`${bench.folder}/items`, blobs);
  expect((await bench.slice(request)).counters).toMatchObject({ source: 60, restored: 60, unrestored: 0 });
});

test('items that read no blob do not end a streak of blobs that are gone', async () => {
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let i = 0; i < 200; i++) {
    const digest = bench.store.message('a1', 300 + i, mail(`x ${i}`), { deleted: i % 10 === 0 });
    bench.store.dropBlob(digest);
  }
  const request = await bench.begin();
  await expect(bench.slice(request)).rejects.toEqual(problem('SourceUnavailable', /50 items in a row/));
});

test('a folder that could not be looked up in an outage is known again in the next run', async () => {
  const { writer } = bench.store;
  writer.account(accountInfo('a1', 'jane@example.com'));
  writer.item('a1', 499, [state({ type: 'folder', name: 'Work', folder: 1 })]);
  bench.store.message('a1', 300, mail('a'), { folder: 499 });
  const path = join(bench.store.root, itemPath('a1', 499));
  renameSync(path, `${bench.folder}/499`);
  await bench.restore();
  renameSync(`${bench.folder}/499`, path);
  bench.store.message('a1', 301, mail('b'), { folder: 499 });
  await bench.restore();
  expect(readdirSync(join(bench.mailDir, 'example.com/jane/Maildir/.Work/cur'))).toHaveLength(1);
});

test('files that vanished and a folder that cannot be listed are two findings, as they are counted', async () => {
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (const item of [399, 499]) bench.store.message('a1', item, mail(`in 99: ${item}`));
  const request = await bench.begin();
  const folder = join(bench.store.root, 'accounts/a1/items/99');
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder any more');
  const { counters } = await bench.slice(request);
  const ledger = Ledger.open(bench.settings.stateDir);
  const findings = [...ledger.existingOperation(request.operationKey).allFindings()];
  await ledger.close();
  expect(findings).toHaveLength(counters.unrestored);
});
