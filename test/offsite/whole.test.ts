/** Whatever stops a sync, and whatever is written meanwhile: the metadata of the copy name no blob that it lacks. */
import { execFileSync, fork, spawnSync, type ChildProcess } from 'node:child_process';
import { rmSync, writeFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { BackupPathWriter } from '../../src/backup-path/writer';
import { Problem } from '../../src/failures';
import { mail, state } from '../restore/store';
import { dangling, describeRsync, Offsite } from './kit';

let ground: Offsite;
beforeEach(() => {
  ground = new Offsite();
});
afterEach(() => ground.clean());

const purge = (account: string, item: number): void => {
  const path = join(ground.source, itemPath(account, item));
  const [{ digest }] = JSON.parse(readFileSync(path, 'utf8')) as [{ digest: string }];
  rmSync(path);
  rmSync(join(ground.source, blobPath(digest)), { force: true });
};

/** Blobs first, then metadata; a purge the other way round. Runs between the steps, so each order is met for sure. */
function write(round: number): void {
  const { store } = ground;
  for (let n = 0; n < 10; n++) store.message('a1', 10_000 + round * 10 + n, mail(`new ${round} ${n}`));
  const changed = 257 + round;
  const digest = store.writer.blob(mail(`changed ${round}`));
  store.writer.item('a2', changed, [
    state({ end: 1, digest }),
    state({ digest, flags: `u${'f'.repeat(round)}` }),
  ]);
  purge('a1', 257 + round);
  if (round > 0) purge('a1', 10_000 + (round - 1) * 10);
}

describeRsync('a writer works meanwhile', () => {
  test('what changed since it was staged is left out; the next sync brings it', async () => {
    ground.fill(2, 60);
    let round = 0;
    const meddle = (): void => write(round++);
    const check = (): void => expect(dangling(ground.copy)).toEqual([]);
    for (const del of ['never', 'now', 'now'] as const) {
      const { passes } = await ground.sync(
        { delete: del, maxDeletions: { percent: 100 } },
        { staged: meddle, copied: () => (check(), meddle()) },
      );
      expect(passes.some(({ leftOut }) => leftOut > 0)).toBe(true);
      check();
    }
    await ground.sync({ delete: 'now', maxDeletions: { percent: 100 } });
    check();
    expect(ground.differences()).toEqual([]);
  });

  test('a blob that is purged and stored again while its copy is about to be deleted stays', async () => {
    ground.fill(1, 10);
    const digest = ground.store.message('a1', 900, mail('comes back'));
    await ground.sync();
    rmSync(join(ground.source, itemPath('a1', 900)));
    rmSync(join(ground.source, blobPath(digest)));
    const again = (): void => void ground.store.message('a1', 901, mail('comes back'));
    await ground.sync({ delete: 'now', maxDeletions: { percent: 50 } }, { copied: again });
    await ground.sync();
    expect(dangling(ground.copy)).toEqual([]);
    expect(ground.differences().filter((line) => !line.startsWith('.d'))).toEqual([]);
  });

  test('a blob that is purged while the sync runs is not deleted from under the metadata of the copy', async () => {
    ground.fill(1, 30);
    await ground.sync();
    ground.store.message('a1', 5000, mail('something to copy'));
    // after everything was compared and sent
    const meddle = (): void => {
      for (let id = 257; id < 267; id++) purge('a1', id);
    };
    let done = false;
    await ground.sync(
      { delete: 'now', maxDeletions: { percent: 100 } },
      { copied: () => void (done || ((done = true), meddle())) },
    );
    expect(dangling(ground.copy)).toEqual([]);
    await ground.sync({ delete: 'now', maxDeletions: { percent: 100 } });
    expect(ground.differences()).toEqual([]);
  });
});

describeRsync('stopped at many points', () => {
  test('cancelled again and again while a process writes: never a missing blob, and in the end the same tree', async () => {
    ground.fill(3, 150, 'x'.repeat(3000));
    const script = join(ground.dir, 'writer.cjs');
    writeFileSync(script, WRITER);
    const args = [join(__dirname, '../../dist/backup-path/writer.js'), ground.source];
    const writer: ChildProcess = fork(script, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    let stopped = 0;
    let finished = 0;
    try {
      const until = Date.now() + 12_000;
      for (let ms = 30; Date.now() < until; ms = ms > 900 ? 30 : ms * 1.3) {
        const end = await ground
          .sync(
            { delete: finished % 2 === 1 ? 'now' : 'never', maxDeletions: { percent: 100 } },
            { signal: AbortSignal.timeout(Math.round(ms)) },
          )
          .catch((error: unknown) => error);
        if (!(end instanceof Problem)) finished++;
        else if (end.type === 'SyncInterrupted') stopped++;
        else throw end;
        expect(dangling(ground.copy)).toEqual([]);
      }
    } finally {
      writer.kill();
      await ended;
    }
    expect(stopped).toBeGreaterThan(5);
    expect(BackupPathWriter.open(ground.source).root).toBe(ground.source);
    await ground.sync({ delete: 'now', maxDeletions: { percent: 100 } });
    expect(dangling(ground.copy)).toEqual([]);
    // a blob that is deleted last leaves its folder with a newer time
    expect(ground.differences().filter((line) => !line.startsWith('.d..t'))).toEqual([]);
  });

  test('SIGKILL of rsync in the middle: the parts are kept, and go on', async () => {
    ground.fill(1, 20);
    writeFileSync(join(ground.source, 'items/large'), Buffer.alloc(40_000_000, 1));
    const { port } = await ground.daemon();
    const to = { destination: `rsync://127.0.0.1:${port}/copy`, delete: 'now' as const };
    const slow = ground.sync({ ...to, bandwidthLimit: 8000 }).catch((error: unknown) => error);
    for (
      let tries = 0;
      tries < 200 && spawnSync('pgrep', ['-f', `bwlimit=8000.*${port}/copy`]).status !== 0;
      tries++
    )
      await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    for (const pid of execFileSync('pgrep', ['-f', `bwlimit=8000.*${port}/copy`], { encoding: 'utf8' })
      .trim()
      .split('\n'))
      process.kill(Number(pid), 'SIGKILL');
    expect(await slow).toMatchObject({ type: 'SyncInterrupted', message: expect.stringMatching(/SIGKILL/) });
    for (
      let tries = 0;
      tries < 100 && !readdirSync(join(ground.copy, 'items')).includes('.rsync-partial');
      tries++
    )
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readdirSync(join(ground.copy, 'items'))).toContain('.rsync-partial');
    expect(dangling(ground.copy)).toEqual([]);
    const { passes } = await ground.sync(to);
    // what was there did not go over the line again
    expect(passes.find(({ name }) => name === 'copying blobs')?.bytes).toBeLessThan(39_000_000);
    expect(ground.differences()).toEqual([]);
  });

  test('SIGKILL of the daemon in the middle: told as an interruption, then the same tree', async () => {
    ground.fill(2, 60, 'y'.repeat(2000));
    writeFileSync(join(ground.source, 'items/large'), Buffer.alloc(30_000_000, 1));
    const daemon = await ground.daemon();
    const to = { destination: `rsync://127.0.0.1:${daemon.port}/copy` };
    const slow = ground.sync({ ...to, bandwidthLimit: 8000 }).catch((error: unknown) => error);
    for (let tries = 0; tries < 200 && !readdirSync(ground.copy).includes('items'); tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 800));
    await daemon.stop('SIGKILL');
    expect(await slow).toMatchObject({ type: 'SyncInterrupted' });
    expect(dangling(ground.copy)).toEqual([]);
    await ground.daemon(daemon.port);
    await ground.sync({ ...to, delete: 'now', maxDeletions: { percent: 100 } });
    expect(ground.differences()).toEqual([]);
  });
});

/** Adds, changes and purges items as fast as it can, in the order that writers keep. */
const WRITER = `
const [, , module_, root] = process.argv;
const { BackupPathWriter } = require(module_);
const { rmSync } = require('node:fs');
const writer = BackupPathWriter.open(root, false);
const state = (digest, flags, end) => ({ start: 0, end, type: 'message', deleted: false, folder: 2, name: null, flags, tags: [], date: 0, size: 1, digest });
const items = [];
let n = 0;
process.on('disconnect', () => process.exit());
setInterval(() => {
  for (let i = 0; i < 5; i++) {
    const id = 20000 + n++;
    const digest = writer.blob(Buffer.from('Subject: w' + id + '\\r\\n\\r\\n' + 'z'.repeat(2000)));
    writer.item('a1', id, [state(digest, '', null)]);
    items.push([id, digest]);
  }
  const [changed, digest] = items[Math.floor(Math.random() * items.length)];
  const second = writer.blob(Buffer.from('changed ' + n));
  if (!items.find(([id]) => id === changed).gone) writer.item('a1', changed, [state(digest, '', 1), state(second, 'u', null)]);
  if (items.length > 60) {
    const [id, gone] = items.shift();
    const bucket = String(id % 100).padStart(2, '0');
    rmSync(root + '/accounts/a1/items/' + bucket + '/' + id);
    rmSync(root + '/items/' + gone.slice(0, 2) + '/' + gone, { force: true });
  }
}, 20);
`;
