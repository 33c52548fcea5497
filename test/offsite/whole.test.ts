/** Whatever is written meanwhile: the metadata of the copy name no blob that it lacks. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { checkSync } from '../../src/offsite/check';
import { deleteBlobs, deleteMetadata } from '../../src/offsite/deletions';
import { survey } from '../../src/offsite/survey';
import { mail, state } from '../restore/store';
import { dangling, describeRsync, Offsite } from './kit';

const DELETES = { delete: 'now', maxDeletions: { percent: 100 } } as const;

let ground: Offsite;
beforeEach(() => {
  ground = new Offsite();
});
afterEach(() => ground.clean());

const digestOf = (account: string, item: number): string => {
  const path = join(ground.source, itemPath(account, item));
  return (JSON.parse(readFileSync(path, 'utf8')) as [{ digest: string }])[0].digest;
};

const purge = (account: string, item: number): void => {
  const digest = digestOf(account, item);
  rmSync(join(ground.source, itemPath(account, item)));
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
    await ground.sync(DELETES);
    check();
    expect(ground.differences()).toEqual([]);
  });

  test('what appears in the source while a first copy is made waits for the next sync; so does what it replaces', async () => {
    ground.fill(1, 10);
    const folder = join(ground.source, 'accounts/a1/items');
    let changed = false;
    const { leftOut, passes } = await ground.sync(
      {},
      {
        staged: () => {
          if (changed) return;
          changed = true;
          ground.store.message('a1', 900, mail('new'));
          renameSync(join(folder, '58'), join(ground.dir, 'aside'));
          mkdirSync(join(ground.source, 'accounts/late'));
          writeFileSync(join(ground.source, 'accounts/late/account_info'), 'not noted');
        },
        // as it was when it was noted, but for what is in no note
        copied: () => {
          if (!existsSync(join(folder, '58'))) renameSync(join(ground.dir, 'aside'), join(folder, '58'));
        },
      },
    );
    expect(passes.map(({ name }) => name).slice(0, 4)).toEqual([
      'claiming',
      'sending metadata',
      'copying blobs',
      'placing metadata',
    ]);
    // a folder that went away while it was copied, and what was in it
    expect([leftOut, passes[3]?.leftOut]).toEqual([0, 2]);
    const copied = (name: string): boolean => existsSync(join(ground.copy, name));
    expect(copied(itemPath('a1', 258))).toBe(true);
    expect([itemPath('a1', 900), 'accounts/late'].filter(copied)).toEqual([]);
    rmSync(join(ground.source, 'accounts/late'), { recursive: true });
    await ground.sync();
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
    expect(ground.differences()).toEqual([]);
  });

  test('a blob that comes back, is named by what is sent, and is purged again stays', async () => {
    ground.fill(1, 10);
    ground.store.message('a1', 900, mail('comes back'));
    await ground.sync();
    purge('a1', 900);
    ground.store.message('a1', 901, mail('on its way'));
    const { passes } = await ground.sync(
      { delete: 'now', maxDeletions: { percent: 50 } },
      {
        surveyed: () => void ground.store.message('a1', 901, mail('comes back')),
        sent: () => purge('a1', 901),
      },
    );
    expect(passes.map(({ name }) => name)).toContain('deleting blobs');
    expect(existsSync(join(ground.copy, itemPath('a1', 901)))).toBe(true);
    expect(dangling(ground.copy)).toEqual([]);
    await ground.sync({ delete: 'now', maxDeletions: { percent: 50 } });
    expect(ground.differences()).toEqual([]);
  });

  test('a blob that is purged between the comparison of blobs and that of metadata is not deleted yet', async () => {
    ground.fill(1, 10);
    const [item, blob] = [itemPath('a1', 257), blobPath(digestOf('a1', 257))];
    const { port } = await ground.daemon();
    ground.hook('exit 0');
    const context = ground.context({ destination: `rsync://127.0.0.1:${port}/hooked`, delete: 'now' });
    await ground.sync({ destination: `rsync://127.0.0.1:${port}/hooked` });
    const { first } = await checkSync(context, ground.stateDir);
    ground.hook(`if [ -f began ]; then rm -f 'source/${item}' 'source/${blob}'; else touch began; fi`);
    await survey(context, first, true);
    expect(existsSync(join(ground.source, item))).toBe(false);
    await deleteMetadata(context);
    await deleteBlobs(context);
    expect(dangling(ground.copy)).toEqual([]);
    expect([existsSync(join(ground.copy, item)), existsSync(join(ground.copy, blob))]).toEqual([false, true]);
  });

  test('only what was counted is deleted, also when accounts are unmounted then', async () => {
    ground.fill(2, 20);
    await ground.sync();
    purge('a1', 257);
    const [accounts, aside] = [join(ground.source, 'accounts'), join(ground.dir, 'aside')];
    await ground.sync(DELETES, { sent: () => (renameSync(accounts, aside), mkdirSync(accounts)) });
    const left = readdirSync(join(ground.copy, 'accounts'), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /[0-9]{2}\/[0-9]+$/.test(name))).toHaveLength(39);
    rmSync(accounts, { recursive: true });
    renameSync(aside, accounts);
    await ground.sync();
    expect(ground.differences()).toEqual([]);
  });

  test('a folder of the copy that has become a link is not followed when its files are to be deleted', async () => {
    ground.fill(1, 20);
    await ground.sync();
    purge('a1', 257);
    const [folder, outside] = [dirname(join(ground.copy, itemPath('a1', 257))), join(ground.dir, 'outside')];
    await ground.sync(DELETES, { sent: () => (renameSync(folder, outside), symlinkSync(outside, folder)) });
    expect(readdirSync(outside)).toEqual(['257']);
    await ground.sync(DELETES);
    expect(readdirSync(outside)).toEqual(['257']);
    expect(ground.differences()).toEqual([]);
  });

  test('what cannot be deleted keeps nothing else from it, and is told', async () => {
    ground.fill(1, 20);
    await ground.sync();
    for (const item of [257, 258, 259]) purge('a1', item);
    const stuck = join(ground.copy, itemPath('a1', 258));
    const isRoot = process.geteuid?.() === 0;
    const hold = (on: boolean): void => {
      if (!isRoot) return chmodSync(dirname(stuck), on ? 0o555 : 0o755);
      expect(spawnSync('chattr', [on ? '+i' : '-i', stuck]).status).toBe(0);
    };
    try {
      await expect(ground.sync(DELETES, { sent: () => hold(true) })).rejects.toMatchObject({
        type: 'SyncIncomplete',
        message: expect.stringMatching(/deleting metadata: 1 could not be deleted, such as .*258 \(E/),
      });
    } finally {
      hold(false);
    }
    const left = (item: number): boolean => existsSync(join(ground.copy, itemPath('a1', item)));
    expect([257, 258, 259].map(left)).toEqual([false, true, false]);
    // metadata that stay may name blobs: none of these went
    expect(dangling(ground.copy)).toEqual([]);
    await ground.sync(DELETES);
    expect(ground.differences()).toEqual([]);
  });

  test('metadata that come back before they are deleted stay, and with them the blobs', async () => {
    ground.fill(1, 20);
    await ground.sync();
    purge('a1', 257);
    const { passes } = await ground.sync(DELETES, {
      sent: () => void ground.store.message('a1', 257, mail('another')),
    });
    expect(passes.at(-1)).toMatchObject({ name: 'deleting metadata', leftOut: 1, deleted: 0 });
    expect(dangling(ground.copy)).toEqual([]);
    await ground.sync(DELETES);
    expect(ground.differences()).toEqual([]);
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
    await ground.sync(DELETES, { copied: () => void (done || ((done = true), meddle())) });
    expect(dangling(ground.copy)).toEqual([]);
    await ground.sync(DELETES);
    expect(ground.differences()).toEqual([]);
  });
});
