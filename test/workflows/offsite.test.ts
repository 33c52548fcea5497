/** The workflow against a real server, real workers, real rsync: it ends with the same tree whatever interrupts it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import type { OffsiteSyncRequest } from '../../src/contracts/offsite-sync';
import type { offsiteSync } from '../../src/workflows';
import { mountTest } from '../backup-path/kit';
import { connect, sleep, spawnWorker, type TestWorker } from '../e2e/harness';
import { dangling, describeRsync, Offsite } from '../offsite/kit';
import { replayAll } from '../replay/replay';

const taskQueue = 'offsite-test';
const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
let client: Client;
let worker: TestWorker;
let base: Offsite;
let ground: Offsite;
const startWorker = (): TestWorker => spawnWorker({ address, stateDir: base.stateDir, taskQueue });

beforeAll(async () => {
  base = new Offsite();
  worker = startWorker();
  client = await connect(address);
});
afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  await client.connection.close();
  await base.clean();
});

let id: string;
beforeEach(() => {
  id = `offsite-${Math.random().toString(36).slice(2)}`;
  ground = new Offsite().fill(2, 30);
});
afterEach(() => ground.clean());

const start = (
  change: Partial<OffsiteSyncRequest> = {},
  workflowId = id,
): Promise<WorkflowHandle<typeof offsiteSync>> =>
  client.workflow.start<typeof offsiteSync>('offsiteSync', {
    taskQueue,
    workflowId,
    args: [
      {
        sourcePath: ground.source,
        destination: ground.copy,
        timeoutSeconds: 10,
        maxDeletions: { percent: 100 },
        advanced: { heartbeatSeconds: 2 },
        ...change,
      },
    ],
  });

const failureOf = async (handle: WorkflowHandle<typeof offsiteSync>): Promise<Error | undefined> =>
  handle.result().then(
    () => undefined,
    (error: WorkflowFailedError) => error.cause,
  );

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await what()) return;
    await sleep(50);
  }
  throw new Error('it did not come to that');
}

const runsRsync = (): boolean =>
  readdirSync('/proc').some((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words[0] === 'rsync' && words.includes(`${ground.source}/`);
    } catch {
      return false;
    }
  });
/** Slow enough to be met in the middle. */
function large(): { bandwidthLimit: number } {
  writeFileSync(join(ground.source, 'items/large'), Buffer.alloc(30_000_000, 1));
  return { bandwidthLimit: 9000 };
}
const blobsOfCopy = (): string[] => {
  try {
    return readdirSync(join(ground.copy, 'items'));
  } catch {
    return [];
  }
};

describeRsync('offsiteSync', () => {
  test('from start to end, again with deletions; the time of the newest copy is kept', async () => {
    const handle = await start();
    const first = await handle.result();
    expect(first).toMatchObject({
      status: 'synced',
      files: 60 + 60 + 2 + 3,
      deleted: 0,
      leftOut: 0,
      operationId: id,
    });
    expect(first.lastSuccess).toBe(first.startedAt);
    expect(await handle.query('status')).toMatchObject({
      phase: 'ended',
      lastSuccess: first.startedAt,
      files: 125,
    });
    expect(ground.differences()).toEqual([]);
    await replayAll(client, id);

    rmSync(join(ground.source, 'accounts/a2'), { recursive: true });
    const second = await (await start({ delete: 'now' }, `${id}-2`)).result();
    expect(second).toMatchObject({ deleted: 30 + 30 + 1 + 2, files: 0 });
    expect(second.passes.map(({ name }) => name)).toEqual([
      'copying blobs',
      'sending metadata',
      'deleting metadata',
      'deleting blobs',
    ]);
    expect(ground.differences().filter((line) => line.startsWith('*deleting   accounts'))).toEqual([]);
    await replayAll(client, `${id}-2`);
  });

  test('SIGKILL of the worker in the middle, twice: the parts are kept, the tree is the same', async () => {
    const handle = await start(large());
    for (let kills = 0; kills < 2; kills++) {
      const before = ground.arriving();
      await until(() => ground.arriving() > before + 2_000_000);
      await worker.kill();
      await until(() => !runsRsync());
      await until(() => blobsOfCopy().includes('.rsync-partial'));
      expect(dangling(ground.copy)).toEqual([]);
      worker = startWorker();
    }
    expect((await handle.result()).status).toBe('synced');
    expect(ground.differences()).toEqual([]);
    await replayAll(client, id);
  });

  test('cancelled: rsync ends, its parts stay, nothing is left in the state folder', async () => {
    const handle = await start(large());
    await until(() => ground.arriving() > 2_000_000);
    await handle.cancel();
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    expect(runsRsync()).toBe(false);
    expect(blobsOfCopy()).toContain('.rsync-partial');
    expect(readdirSync(ground.copy).sort()).toEqual(['backup.json', 'items']);
    const kept = readdirSync(join(base.stateDir, 'offsite'), { recursive: true, encoding: 'utf8' });
    expect(kept.filter((name) => name.includes('/staging'))).toEqual([]);
    await replayAll(client, id);
    expect((await (await start({}, `${id}-again`)).result()).status).toBe('synced');
    expect(ground.differences()).toEqual([]);
  });

  test('cancelled after a sync that ended: the copy is as old as before', async () => {
    const { startedAt } = await (await start()).result();
    const handle = await start(large(), `${id}-2`);
    await until(() => ground.arriving() > 2_000_000);
    await handle.cancel();
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    expect(await handle.query('status')).toMatchObject({ lastSuccess: startedAt });
    const after = await (await start({ dryRun: true }, `${id}-3`)).result();
    expect(after).toMatchObject({ lastSuccess: startedAt, notes: [] });
  });

  test('blobs that are purged while others are copied: done, with a note', async () => {
    const handle = await start(large());
    // it is first; what is listed behind it is not read yet
    await until(() => ground.arriving() > 2_000_000);
    const item = join(ground.source, itemPath('a1', 257));
    const [{ digest }] = JSON.parse(readFileSync(item, 'utf8')) as [{ digest: string }];
    rmSync(item);
    rmSync(join(ground.source, blobPath(digest)));
    expect(ground.arriving()).toBeLessThan(30_000_000);
    expect(await handle.result()).toMatchObject({
      ...{ status: 'synced', leftOut: 0 },
      notes: ['Some files were purged while they were copied.'],
    });
    expect(dangling(ground.copy)).toEqual([]);
    expect(readdirSync(join(ground.copy, 'accounts/a1/items'))).not.toContain('257');
  });

  test('a disk that is swapped for one with an older copy: said in the result', async () => {
    const first = await (await start()).result();
    expect(spawnSync('cp', ['-a', ground.copy, join(ground.dir, 'older')]).status).toBe(0);
    await (await start({}, `${id}-2`)).result();
    rmSync(ground.copy, { recursive: true });
    renameSync(join(ground.dir, 'older'), ground.copy);
    const dry = await (await start({ dryRun: true }, `${id}-3`)).result();
    expect(dry).toMatchObject({
      lastSuccess: first.startedAt,
      notes: [expect.stringMatching(/not what the newest sync had left/)],
    });
    const last = await (await start({}, `${id}-4`)).result();
    expect(last).toMatchObject({ lastSuccess: last.startedAt, notes: dry.notes });
    expect(ground.differences()).toEqual([]);
    await replayAll(client, `${id}-4`);
  });

  test('a daemon that is away is waited for, and said so', async () => {
    const daemon = await ground.daemon();
    await daemon.stop();
    const handle = await start({ destination: `rsync://127.0.0.1:${daemon.port}/copy` });
    await until(async () => /exit code 10/.test((await handle.query<{ waiting: string }>('status')).waiting));
    await ground.daemon(daemon.port);
    expect((await handle.result()).status).toBe('synced');
    expect(ground.differences()).toEqual([]);
    await replayAll(client, id);
  });

  test('a line that fails too often is a failure; so is what cannot be written, after a second try', async () => {
    const daemon = await ground.daemon();
    await daemon.stop();
    const destination = `rsync://127.0.0.1:${daemon.port}/copy`;
    const away = await start({ destination, advanced: { attempts: 2 } });
    expect(await failureOf(away)).toMatchObject({ type: 'SyncInterrupted' });

    rmSync(ground.copy, { recursive: true });
    writeFileSync(ground.copy, 'a file is in the way');
    const refused = await start({}, `${id}-2`);
    expect(await failureOf(refused)).toMatchObject({ type: 'SyncRefused' });
  });

  test('blobs that are unmounted during their pass: no metadata are sent before they are back', async () => {
    const { port } = await ground.daemon();
    // the first transfer after the copy was claimed
    ground.hook(
      'if [ -f copy/backup.json ] && [ ! -f once ]; then touch once && mv source/items aside && mkdir source/items; fi',
    );
    const handle = await start({ destination: `rsync://127.0.0.1:${port}/hooked` });
    await until(async () => {
      const { raw } = await handle.describe();
      return (raw.pendingActivities ?? []).some(({ lastFailure }) =>
        /items is empty/.test(lastFailure?.message ?? ''),
      );
    });
    expect(readdirSync(ground.copy)).not.toContain('accounts');
    rmSync(join(ground.source, 'items'), { recursive: true });
    renameSync(join(ground.dir, 'aside'), join(ground.source, 'items'));
    expect((await handle.result()).status).toBe('synced');
    // but for the time of the folder that was moved within
    expect(ground.differences().filter((line) => !line.endsWith(' ./'))).toEqual([]);
  });

  test('a destination that is swapped meanwhile gets no metadata, and the sync is none', async () => {
    const handle = await start(large());
    await until(() => ground.arriving() > 2_000_000);
    renameSync(ground.copy, join(ground.dir, 'aside'));
    mkdirSync(ground.copy);
    expect(await failureOf(handle)).toMatchObject({ type: 'DestinationGone' });
    expect(readdirSync(ground.copy)).toEqual([]);
    expect(await handle.query('status')).toMatchObject({ lastSuccess: null });
  });

  test('what changes again and again is left out and told, and the copy counts as old as before', async () => {
    const { port } = await ground.daemon();
    const destination = `rsync://127.0.0.1:${port}/hooked`;
    ground.hook('exit 0');
    const before = await (await start({ destination })).result();
    ground.hook('echo >> source/map_other');
    const busy = await (await start({ destination }, `${id}-2`)).result();
    expect(busy).toMatchObject({ status: 'synced', leftOut: 1, lastSuccess: before.startedAt });
    expect(busy.notes).toEqual([expect.stringMatching(/^1 metadata files changed meanwhile/)]);
    expect(busy.passes.filter(({ name }) => name === 'copying blobs')).toHaveLength(3);
    ground.hook('exit 0');
    const after = await (await start({ destination }, `${id}-3`)).result();
    expect(after).toMatchObject({ leftOut: 0, lastSuccess: after.startedAt });
    // neither a dry run nor a failure is a copy
    const dry = await (await start({ destination, dryRun: true }, `${id}-4`)).result();
    expect(dry.lastSuccess).toBe(after.startedAt);
    ground.hook('exit 1');
    const failed = await start({ destination, advanced: { attempts: 1 } }, `${id}-5`);
    expect(await failureOf(failed)).toBeInstanceOf(ApplicationFailure);
    ground.hook('exit 0');
    const last = await (await start({ destination, dryRun: true }, `${id}-6`)).result();
    expect(last.lastSuccess).toBe(after.startedAt);
  });

  test('what cannot be written: once more, then told, no metadata, no time of a copy', async () => {
    mkdirSync(ground.copy);
    writeFileSync(join(ground.copy, 'backup.json'), readFileSync(join(ground.source, 'backup.json')));
    const blob = String(
      readdirSync(join(ground.source, 'items'), { recursive: true }).find((name) =>
        String(name).includes('/'),
      ),
    );
    mkdirSync(join(ground.copy, 'items', blob, 'in the way'), { recursive: true });
    const handle = await start();
    await until(async () => /exit code 23/.test((await handle.query<{ waiting: string }>('status')).waiting));
    expect(await failureOf(handle)).toMatchObject({ type: 'SyncIncomplete' });
    expect(readdirSync(ground.copy)).not.toContain('accounts');
    expect(await handle.query('status')).toMatchObject({ lastSuccess: null });
    rmSync(join(ground.copy, 'items', blob), { recursive: true });
    expect((await (await start({}, `${id}-2`)).result()).status).toBe('synced');
    expect(ground.differences()).toEqual([]);
  });

  test('two to one destination: the second waits for the first', async () => {
    const first = await start(large());
    await until(() => blobsOfCopy().length > 0);
    const second = await start({}, `${id}-2`);
    await until(async () => {
      const { raw } = await second.describe();
      const told = (raw.pendingActivities ?? []).flatMap((one) => one.heartbeatDetails?.payloads ?? []);
      return told.some(({ data }) => Buffer.from(data ?? []).includes(`writes the operation ${id}`));
    });
    expect((await first.result()).status).toBe('synced');
    expect(await second.result()).toMatchObject({ status: 'synced', files: 0 });
  });

  mountTest('a destination without space is waited for until it has some', async () => {
    const { port } = await ground.daemon();
    const mount = (options: string): void => {
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'lifeboat-test', ground.copy]).status).toBe(0);
    };
    writeFileSync(join(ground.source, 'items/large'), Buffer.alloc(3_000_000, 1));
    mount('size=1m');
    try {
      const handle = await start({ destination: `rsync://127.0.0.1:${port}/copy` });
      await until(async () => /No space/.test((await handle.query<{ waiting: string }>('status')).waiting));
      mount('remount,size=20m');
      expect((await handle.result()).status).toBe('synced');
      expect(ground.differences()).toEqual([]);
    } finally {
      spawnSync('umount', [ground.copy]);
    }
  });

  test.each([
    [{ sourcePath: 'relative' }, /sourcePath: must be an absolute path/],
    [{ destination: 'rsync://me:geheim@h/m' }, /destination: must not hold a password/],
    [{ ssh: { keyFile: '/a b' } }, /ssh.keyFile: must hold only/],
    [{ delete: 'sometimes' }, /delete/],
  ])('refuses %j', async (change, message) => {
    const failure = await failureOf(await start(change as Partial<OffsiteSyncRequest>));
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(message) });
    expect(failure?.message).not.toMatch('geheim');
  });

  test('deletions after the purge need a mail host, and say what to do without one', async () => {
    expect(await failureOf(await start({ delete: 'afterPurge' }))).toMatchObject({
      type: 'CommandMissing',
      message: expect.stringMatching(/LIFEBOAT_CARBONIO_COMMAND.*delete "now"/),
    });
    expect(blobsOfCopy()).toEqual([]);
  });

  test('a guard ends it with its own failure, and tells what to do', async () => {
    mkdirSync(ground.copy);
    writeFileSync(join(ground.copy, 'photos'), '');
    expect(await failureOf(await start())).toMatchObject({
      type: 'DestinationOccupied',
      message: expect.stringMatching(/holds 1 name .*Choose an empty folder/),
    });
  });
});
