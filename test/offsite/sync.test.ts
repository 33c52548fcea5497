/** Real rsync, to a folder and to a real daemon. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { stage } from '../../src/offsite/stage';
import { LISTS } from '../../src/offsite/lists';
import { survey } from '../../src/offsite/survey';
import { mail, state } from '../restore/store';
import { dangling, describeRsync, Offsite } from './kit';

let ground: Offsite;
beforeEach(() => {
  ground = new Offsite();
});
afterEach(() => ground.clean());

describeRsync.each(['folder', 'daemon'])('to a %s', (kind) => {
  let to: object;
  beforeEach(async () => {
    ground.fill(3, 40);
    to = {};
    if (kind === 'daemon') {
      const { port } = await ground.daemon();
      to = { destination: `rsync://backup@127.0.0.1:${port}/locked`, passwordFile: ground.secret };
    }
  });

  test('first copy, no change, changes, deletions', async () => {
    const first = await ground.sync(to);
    expect(ground.differences()).toEqual([]);
    expect(first.leftOut).toBe(0);
    const files = (passes: { files: number }[]): number => passes.reduce((n, pass) => n + pass.files, 0);
    // backup.json is sent first, and again among the metadata if its time were not kept
    expect(files(first.passes)).toBe(120 + 120 + 3 + 1 + 1 + 1);

    const same = await ground.sync(to);
    expect(same.survey).toMatchObject({ metadata: 0, blobs: 0, deletions: 0, bytes: 0 });
    expect(same.passes).toEqual([]);

    ground.store.message('a1', 5000, mail('new'));
    ground.store.writer.item('a2', 257, [state({ digest: null, type: 'folder', name: 'changed' })]);
    const old = join(ground.source, itemPath('a3', 258));
    const digest = (JSON.parse(readFileSync(old, 'utf8')) as { digest: string }[])[0]?.digest as string;
    rmSync(old);
    rmSync(join(ground.source, blobPath(digest)));
    if (readdirSync(join(ground.source, 'items', digest.slice(0, 2))).length === 0)
      rmSync(join(ground.source, 'items', digest.slice(0, 2)), { recursive: true });

    const kept = await ground.sync(to);
    expect(files(kept.passes)).toBe(3);
    expect(existsSync(join(ground.copy, blobPath(digest)))).toBe(true);
    const swept = await ground.sync({ ...to, delete: 'now', maxDeletions: { percent: 50 } });
    expect(swept.survey.deletions).toBeGreaterThanOrEqual(2);
    expect(swept.passes.reduce((n, pass) => n + pass.deleted, 0)).toBe(swept.survey.deletions);
    expect(ground.differences()).toEqual([]);
    expect(dangling(ground.copy)).toEqual([]);
  });

  test('a whole account that is gone, with names of every kind', async () => {
    const odd = join(ground.source, 'accounts/a1');
    writeFileSync(join(odd, '#note'), '1');
    writeFileSync(join(odd, 'with\nline | and \\#012 ü'), '2');
    writeFileSync(Buffer.concat([Buffer.from(`${odd}/`), Buffer.from([0xff, 0x41])]), '3');
    await ground.sync(to);
    expect(ground.differences()).toEqual([]);
    rmSync(odd, { recursive: true });
    const swept = await ground.sync({ ...to, delete: 'now', maxDeletions: { percent: 60 } });
    expect(swept.survey.deletions).toBe(40 + 40 + 1 + 1 + 1 + 3);
    expect(ground.differences()).toEqual([]);
  });

  test('a dry run changes nothing and lists everything', async () => {
    await ground.sync(to);
    ground.store.message('a1', 5000, mail('new'));
    rmSync(join(ground.source, 'map_other'));
    const before = statSync(ground.copy).mtimeMs;
    const { survey } = await ground.sync({ ...to, delete: 'now', dryRun: true, maxDeletions: { count: 0 } });
    expect(survey).toMatchObject({ files: 2, deletions: 1 });
    expect(ground.differences().length).toBeGreaterThan(2);
    expect(statSync(ground.copy).mtimeMs).toBe(before);
    const plan = readFileSync(
      join(ground.context({ ...to, dryRun: true }).place.workDir, LISTS.plan),
      'utf8',
    ).split('\n');
    expect(plan.filter((line) => line.startsWith('- '))).toEqual(['- map_other']);
    expect(plan.filter((line) => line.startsWith('+ '))).toContain(`+ ${itemPath('a1', 5000)}`);
  });
});

(process.getuid?.() === 0 ? test : test.skip)(
  'metadata that cannot be read are counted; the rest is staged',
  async () => {
    ground.fill(1, 5);
    spawnSync('chmod', ['-R', 'a+rX', ground.dir]);
    mkdirSync(ground.copy);
    const closed = join(ground.source, itemPath('a1', 258));
    chmodSync(closed, 0);
    const context = ground.context();
    spawnSync('chown', ['-R', '65534', ground.stateDir]);
    process.seteuid?.(65534);
    let staged;
    try {
      // not held, but staged: what rsync could not read would end it
      expect(await survey(context, true, false)).toMatchObject({ held: false });
      staged = await stage(context, join(context.place.workDir, LISTS.metadata));
    } finally {
      process.seteuid?.(0);
    }
    expect(staged).toMatchObject({ unreadable: 1, example: `${closed} (EACCES)` });
    expect(existsSync(join(context.place.workDir, 'staging', itemPath('a1', 257)))).toBe(true);
  },
);
