/** A source or a copy that is not the same all the while: another mount, another disk. */
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { checkSync } from '../../src/offsite/check';
import { copyBlobs } from '../../src/offsite/passes';
import { onSameSource } from '../../src/offsite/same-source';
import { TOKEN } from '../../src/rsync/arguments';
import { mountTest } from '../backup-path/kit';
import { mail } from '../restore/store';
import { describeRsync, Offsite } from './kit';

let ground: Offsite;
beforeEach(() => {
  ground = new Offsite();
  ground.fill(1, 5);
});
afterEach(() => ground.clean());

const call = (program: string, ...args: string[]): void => expect(spawnSync(program, args).status).toBe(0);

describeRsync('the source', () => {
  const pass = (before: () => void, after: () => void): Promise<void> =>
    onSameSource(
      () => ground.context(),
      ground.context().store.marker.serverId,
      async (context) => {
        before();
        await copyBlobs(context, false);
        after();
      },
    );
  const nothing = (): void => undefined;

  mountTest(
    'blobs that are unmounted and mounted again within one pass: the pass does not count',
    async () => {
      const [items, volume] = [join(ground.source, 'items'), join(ground.dir, 'volume')];
      renameSync(items, volume);
      mkdirSync(items);
      call('mount', '--bind', volume, items);
      try {
        await pass(nothing, nothing);
        rmSync(ground.copy, { recursive: true });
        const away = pass(
          () => call('umount', '--lazy', items),
          () => call('mount', '--bind', volume, items),
        );
        await expect(away).rejects.toMatchObject({
          type: 'SourceUnavailable',
          message: expect.stringMatching(/items was unmounted, and mounted again/),
        });
        // that is what it would have been taken for: a copy without blobs
        expect(readdirSync(join(ground.copy, 'items'))).toEqual([]);
        await pass(nothing, nothing);
        expect(readdirSync(join(ground.copy, 'items'))).toEqual(readdirSync(volume));
      } finally {
        spawnSync('umount', ['--lazy', items]);
      }
    },
  );
});

describeRsync.each(['folder', 'daemon'])('the copy, to a %s', (kind) => {
  let to: { destination?: string };
  beforeEach(async () => {
    to = kind === 'daemon' ? { destination: `rsync://127.0.0.1:${(await ground.daemon()).port}/copy` } : {};
  });
  const recordFile = (): string => ground.context(to).place.recordFile;
  const record = (): { lastSuccess: string | null } =>
    JSON.parse(readFileSync(recordFile(), 'utf8')) as { lastSuccess: string | null };

  test('a disk with an older copy is only as new as that, and the next sync says so', async () => {
    await ground.sync(to);
    const first = record().lastSuccess;
    const older = join(ground.dir, 'older');
    call('cp', '-a', ground.copy, older);
    ground.store.message('a1', 900, mail('later'));
    expect(await ground.sync(to)).toMatchObject({ changed: false, lastSuccess: first });
    const second = record().lastSuccess;
    expect(second).not.toBe(first);

    renameSync(ground.copy, join(ground.dir, 'newer'));
    renameSync(older, ground.copy);
    const dry = await ground.sync({ ...to, dryRun: true });
    expect(dry).toMatchObject({ changed: true, lastSuccess: first });
    expect(record().lastSuccess).toBe(second);
    // on record at once: a sync that goes no further than this claims nothing either
    await checkSync(ground.context(to), ground.stateDir);
    expect(record().lastSuccess).toBe(first);
    expect(await ground.sync(to)).toMatchObject({ changed: false, lastSuccess: first });
    expect(ground.differences()).toEqual([]);
    expect(await ground.sync({ ...to, delete: 'now' })).toMatchObject({ changed: false, passes: [] });
  });

  test('a damaged record stops a sync before anything is touched; without it, all goes on', async () => {
    await ground.sync(to);
    writeFileSync(recordFile(), '{');
    await expect(ground.sync(to)).rejects.toMatchObject({ type: 'CopyRecordDamaged' });
    rmSync(recordFile());
    expect(await ground.sync(to)).toMatchObject({ changed: false, lastSuccess: null, passes: [] });
    expect(record().lastSuccess).not.toBeNull();
  });

  test('one that does not say what it is: its age is not known', async () => {
    await ground.sync(to);
    const token = join(ground.copy, TOKEN);
    const content = readFileSync(token, 'utf8');
    rmSync(token);
    // a link from elsewhere is not followed
    symlinkSync(join(ground.dir, 'token'), token);
    writeFileSync(join(ground.dir, 'token'), content);
    expect(await ground.sync(to)).toMatchObject({ changed: true, lastSuccess: null });
    const { lastSuccess } = record();
    expect(lastSuccess).not.toBeNull();
    expect(await ground.sync(to)).toMatchObject({ changed: false, lastSuccess });
  });
});
