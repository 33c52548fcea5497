/** `lifeboat offsite` with nothing but folders. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CopyPlace } from '../../src/offsite/place';
import { FAILURES } from '../../src/failures';
import { TOKEN } from '../../src/rsync/arguments';
import { describeRsync } from '../offsite/kit';
import { run, type Ended } from './cli';
import { Ground, JANE } from './ground';

let ground: Ground;
const lifeboat = (...args: string[]): Promise<Ended> => run(['offsite', ...args], ground.env, ground.dir);
beforeEach(() => {
  ground = new Ground();
  ground.fill(10);
});
afterEach(() => ground.clean());

describeRsync('lifeboat offsite', () => {
  test('sync, status, a dry run, a guard', async () => {
    expect((await lifeboat('status', 'copy')).code).toBe(3);
    const first = await lifeboat('sync', 'old', 'copy', '--embedded', '--json');
    expect({ code: first.code, result: JSON.parse(first.stdout) }).toMatchObject({
      code: 0,
      result: { status: 'synced', files: 22, deleted: 0, destination: join(ground.dir, 'copy') },
    });
    const copied = readdirSync(join(ground.dir, 'copy')).filter((name) => name !== TOKEN);
    expect(copied.sort()).toEqual(readdirSync(ground.source).sort());

    const status = await lifeboat('status', 'copy', '--max-age', '1h', '--json');
    const { copies } = JSON.parse(status.stdout) as { copies: { lastSuccess: string; ageSeconds: number }[] };
    expect([status.code, copies[0]?.lastSuccess]).toEqual([0, JSON.parse(first.stdout).lastSuccess]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const old = await lifeboat('status', '--max-age', '0m');
    expect(old.code).toBe(3);
    expect(old.stdout).toMatch(/newest copy: .* old: TOO OLD/);

    rmSync(join(ground.source, `accounts/${JANE}/items`), { recursive: true });
    writeFileSync(join(ground.source, 'map_new'), '{}');
    const dry = await lifeboat('sync', 'old', 'copy', '--embedded', '--delete', 'now', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(new RegExp(`^- accounts/${JANE}/items/57/257$`, 'm'));
    expect(dry.stdout).toMatch(/^\+ map_new$/m);
    expect(dry.stdout).toMatch(/^Deleted: {2}21 files and folders$/m);
    expect(dry.stdout).toMatch(/^Note: {5}More than is allowed/m);
    const refused = await lifeboat('sync', 'old', 'copy', '--embedded', '--delete', 'now', '--json');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      status: 'failed',
      error: {
        ...{ type: 'TooManyDeletions', remedy: FAILURES.TooManyDeletions.remedy },
        message: expect.stringMatching(/would delete 21 of .*--max-delete-percent/),
      },
    });
  });

  test('a damaged record of a destination: which file, and what to do about it; the others are told', async () => {
    const { stateDir } = JSON.parse((await lifeboat('status', '--json')).stdout) as { stateDir: string };
    const write = (name: string, text: string): string => {
      const { folder, recordFile } = new CopyPlace(stateDir, { kind: 'path', path: join(ground.dir, name) });
      mkdirSync(folder, { recursive: true });
      writeFileSync(recordFile, text);
      return recordFile;
    };
    const at = new Date().toISOString();
    const record = {
      destination: '/other',
      sourcePath: '/s',
      serverId: 's',
      operationId: 'x',
      lastDelete: null,
    };
    const whole = { ...record, lastSuccess: at, endedAt: at, files: 1, bytes: 1, deleted: 0 };
    write('other', JSON.stringify(whole));
    const file = write('copy', JSON.stringify(whole).slice(0, 100));
    const told = new RegExp(`${file}, .* is damaged\\. Move that file away: the next sync`);

    const all = await lifeboat('status');
    expect([all.code, all.stderr]).toEqual([3, expect.stringMatching(told)]);
    expect(all.stdout).toMatch(/other  copy of/);
    const json = await lifeboat('status', '--json');
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      3,
      expect.objectContaining({ unusable: [expect.stringMatching(told)], copies: [expect.anything()] }),
    ]);
    const one = await lifeboat('status', 'copy');
    expect([one.code, one.stderr]).toEqual([1, expect.stringMatching(told)]);
    rmSync(file);
    expect((await lifeboat('status', '--max-age', '1h')).code).toBe(0);
  });

  test.each([
    [['sync', 'old', 'rsync://me:geheim@h/m'], /destination: must not hold a password/],
    [['sync', 'old', 'host::module'], /destination: must be an absolute path/],
    [['sync', '', 'copy'], /sourcePath: the path must not be empty/],
    [['sync', 'old', 'copy', '--delete', 'later'], /Allowed choices are never, now, afterPurge/],
    [['sync', 'old', 'copy', '--max-delete-percent', '101'], /must be a part/],
    [['status', '--max-age', 'soon'], /must be a time/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await lifeboat(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch('geheim');
    expect(code).toBe(2);
  });
});
