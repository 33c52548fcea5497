/** A sync that is stopped, whatever stops it: the copy names no blob that it lacks, and the next sync ends with the same tree. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackupPathWriter } from '../../src/backup-path/writer';
import { Problem } from '../../src/failures';
import { copyBlobs } from '../../src/offsite/passes';
import { dangling, describeRsync, Offsite, until } from './kit';

let ground: Offsite;
beforeEach(() => {
  ground = new Offsite();
});
afterEach(() => ground.clean());

describeRsync('stopped at many points', () => {
  test('parts that nobody goes on with go, and the folders around them have the times of the source', async () => {
    ground.fill(1, 20);
    const [folder] = readdirSync(join(ground.source, 'items'));
    const places = [`items/${folder}`, 'items', 'accounts/a1/items'];
    // rsync compares whole seconds
    for (const at of places) utimesSync(join(ground.source, at), 1000, 1000);
    await ground.sync();
    for (const at of places) {
      mkdirSync(join(ground.copy, at, '.rsync-partial'));
      writeFileSync(join(ground.copy, at, '.rsync-partial/part'), 'half a blob');
    }
    await ground.sync({ delete: 'now', maxDeletions: { percent: 100 } });
    expect(ground.differences()).toEqual([]);
  });

  test('cancelled and killed again and again while a process writes: never a missing blob, in the end the same tree', async () => {
    ground.fill(3, 150, 'x'.repeat(3000));
    const script = join(ground.dir, 'writer.cjs');
    writeFileSync(script, WRITER);
    const args = [join(__dirname, '../../dist/backup-path/writer.js'), ground.source];
    const writer: ChildProcess = fork(script, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    const { port } = await ground.daemon();
    const ways = [
      { destination: ground.copy, kill: false },
      { destination: ground.copy, kill: true },
      { destination: `rsync://127.0.0.1:${port}/copy`, kill: true },
      { destination: `rsync://127.0.0.1:${port}/copy`, kill: false },
    ];
    let stopped = 0;
    try {
      // later and later, and from the start again when a sync is quicker than that, however fast this machine is
      for (let round = 0, ms = 30; round < 16 || stopped < 6; round++) {
        expect(round).toBeLessThan(60);
        const { destination, kill } = ways[round % ways.length] as (typeof ways)[number];
        const cancel = new AbortController();
        const timer = setTimeout(() => void (kill ? killUntil(cancel.signal) : cancel.abort()), ms);
        const end = await ground
          .sync(
            { destination, delete: round % 3 === 2 ? 'now' : 'never', maxDeletions: { percent: 100 } },
            kill ? {} : { signal: cancel.signal },
          )
          .catch((error: unknown) => error);
        clearTimeout(timer);
        cancel.abort();
        if (!(end instanceof Problem)) {
          ms = Math.max(1, ms / 8);
        } else if (end.type === 'SyncInterrupted') {
          stopped++;
          ms *= 1.4;
        } else throw end;
        expect(dangling(ground.copy)).toEqual([]);
      }
    } finally {
      // at the end of a round: one that is killed leaves a temporary file
      writer.disconnect();
      await ended;
    }
    expect(BackupPathWriter.open(ground.source).root).toBe(ground.source);
    await ground.sync({ delete: 'now', maxDeletions: { percent: 100 } });
    expect(dangling(ground.copy)).toEqual([]);
    expect(ground.differences()).toEqual([]);
  });

  test.each([
    ['true', 'SyncInterrupted', /ended without its figures/],
    ['echo "Number of files: 3"', 'SyncRefused', /no figures that are understood/],
  ])('an rsync that ends well and says no more than %j', async (says, type, message) => {
    ground.fill(1, 1);
    const bin = join(ground.dir, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'rsync'), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
    const before = process.env['PATH'];
    process.env['PATH'] = `${bin}:${before}`;
    try {
      const failure = copyBlobs(ground.context(), false);
      await expect(failure).rejects.toMatchObject({ type, message: expect.stringMatching(message) });
    } finally {
      process.env['PATH'] = before;
    }
  });

  test('SIGKILL of rsync in the middle: the parts are kept, and go on', async () => {
    ground.fill(1, 20);
    writeFileSync(join(ground.source, 'items/large'), Buffer.alloc(40_000_000, 1));
    const { port } = await ground.daemon();
    const to = { destination: `rsync://127.0.0.1:${port}/copy`, delete: 'now' as const };
    const slow = ground.sync({ ...to, bandwidthLimit: 8000 }).catch((error: unknown) => error);
    await until(() => ground.arriving() > 2_000_000);
    expect(killClients()).toBe(true);
    expect(await slow).toMatchObject({ type: 'SyncInterrupted', message: expect.stringMatching(/SIGKILL/) });
    await until(() => readdirSync(join(ground.copy, 'items')).includes('.rsync-partial'));
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
    await until(() => ground.arriving() > 2_000_000);
    await daemon.stop('SIGKILL');
    expect(await slow).toMatchObject({ type: 'SyncInterrupted' });
    expect(dangling(ground.copy)).toEqual([]);
    await ground.daemon(daemon.port);
    await ground.sync({ ...to, delete: 'now', maxDeletions: { percent: 100 } });
    expect(ground.differences()).toEqual([]);
  });
});

/** SIGKILL to every rsync of this ground but the daemon, as soon as there is one. */
async function killUntil(ended: AbortSignal): Promise<void> {
  while (!ended.aborted && !killClients()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function killClients(): boolean {
  let killed = false;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words[0] !== 'rsync' || words.includes('--daemon')) continue;
      if (!words.some((word) => word.startsWith(`${ground.dir}/`))) continue;
      process.kill(Number(pid), 'SIGKILL');
      killed = true;
    } catch {
      // it ended meanwhile
    }
  }
  return killed;
}

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
  while (items.length > 60) {
    const [id, gone] = items.shift();
    const bucket = String(id % 100).padStart(2, '0');
    rmSync(root + '/accounts/a1/items/' + bucket + '/' + id);
    rmSync(root + '/items/' + gone.slice(0, 2) + '/' + gone, { force: true });
  }
}, 20);
`;
