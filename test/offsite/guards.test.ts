/** Each guard stops a sync before anything is touched. */
import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { OffsiteSyncRequest } from '../../src/contracts/offsite-sync';
import { checkSync } from '../../src/offsite/check';
import { assertSameSource } from '../../src/offsite/same-source';
import { guardDeletions, guardSpace } from '../../src/offsite/guard-destination';
import { Problem } from '../../src/failures';
import { writeRecord } from '../../src/offsite/record';
import { openContext, sync, type SyncContext } from '../../src/offsite/sync-context';
import { remotePath } from '../../src/rsync/arguments';
import { mountTest } from '../backup-path/kit';
import { TestStore } from '../restore/store';
import { describeRsync, Offsite } from './kit';

let ground: Offsite;
beforeEach(() => {
  ground = new Offsite();
  ground.fill(1, 5);
});
afterEach(() => ground.clean());

async function refusal(change: Partial<OffsiteSyncRequest> = {}): Promise<Problem> {
  try {
    await ground.sync(change);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
function typeOf(body: () => void): string | null {
  try {
    body();
    return null;
  } catch (error) {
    if (error instanceof Problem) return error.type;
    throw error;
  }
}
const openAgain = (): SyncContext =>
  openContext(ground.stateDir, ground.request(), {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
const touched = (): string[] => {
  try {
    return readdirSync(ground.copy);
  } catch {
    return [];
  }
};

describeRsync('guards', () => {
  test.each([
    ['accounts', 'SourceEmpty'],
    ['items', 'SourceEmpty'],
    ['backup.json', 'NotABackupPath'],
    ['.', 'SourceNotFound'],
  ])('a source without %s: %s', async (name, type) => {
    rmSync(join(ground.source, name), { recursive: true });
    expect((await refusal()).type).toBe(type);
    expect(touched()).toEqual([]);
  });

  test('an empty folder in place of the source: is it mounted?', async () => {
    rmSync(ground.source, { recursive: true });
    mkdirSync(ground.source);
    expect(await refusal()).toMatchObject({
      type: 'NotABackupPath',
      message: expect.stringMatching(/mounted/),
    });
  });

  test('an account folder that is empty, or a link', async () => {
    rmSync(join(ground.source, 'accounts'), { recursive: true });
    mkdirSync(join(ground.source, 'accounts'));
    expect((await refusal()).type).toBe('SourceEmpty');
    rmSync(join(ground.source, 'accounts'), { recursive: true });
    symlinkSync('items', join(ground.source, 'accounts'));
    expect((await refusal()).type).toBe('SourceNotReadable');
  });

  test('destination in the source, source in the destination, also through a link', async () => {
    expect((await refusal({ destination: join(ground.source, 'copy') })).type).toBe('SyncOverlap');
    expect((await refusal({ destination: ground.dir })).type).toBe('SyncOverlap');
    symlinkSync(ground.source, join(ground.dir, 'link'));
    expect((await refusal({ destination: join(ground.dir, 'link/copy') })).type).toBe('SyncOverlap');
    expect((await refusal({ destination: ground.stateDir })).type).toBe('SyncOverlap');
    new TestStore(join(ground.dir, 'other'));
    expect((await refusal({ destination: join(ground.dir, 'other/copy') })).type).toBe('SyncOverlap');
    const { port } = await ground.daemon();
    expect((await refusal({ destination: `rsync://127.0.0.1:${port}/itself` })).type).toBe('SyncOverlap');
    expect(readdirSync(ground.source)).not.toContain('.lifeboat-probe');
  });

  test('a source that is another, or gone, when a later step looks again', async () => {
    const { serverId } = await checkSync(ground.context(), ground.stateDir);
    const later = (): void => assertSameSource(openAgain(), serverId);
    later();
    for (const name of ['accounts', 'items']) {
      const [there, aside] = [join(ground.source, name), join(ground.dir, 'aside')];
      renameSync(there, aside);
      expect(typeOf(later)).toBe('SourceUnavailable');
      mkdirSync(there);
      expect(typeOf(later)).toBe('SourceUnavailable');
      rmSync(there, { recursive: true });
      renameSync(aside, there);
    }
    later();
    writeFileSync(
      join(ground.source, 'backup.json'),
      JSON.stringify({ ...ground.context().store.marker, serverId: 'other' }),
    );
    expect(typeOf(later)).toBe('SourceUnavailable');
    rmSync(ground.source, { recursive: true });
    expect(typeOf(later)).toBe('SourceUnavailable');
  });

  test('the copy of another server, other content, no folder above', async () => {
    new TestStore(ground.copy);
    writeFileSync(
      join(ground.copy, 'backup.json'),
      '{"dialect":"x","serverId":"other","serverName":"b.example.com"}',
    );
    const { type, message } = await refusal();
    expect([type, message]).toEqual(['DestinationOfOtherServer', expect.stringContaining('b.example.com')]);
    const { port } = await ground.daemon();
    expect((await refusal({ destination: `rsync://127.0.0.1:${port}/copy` })).type).toBe(
      'DestinationOfOtherServer',
    );
    truncateSync(join(ground.copy, 'backup.json'), 3);
    expect((await refusal()).type).toBe('DestinationOccupied');
    rmSync(join(ground.copy, 'backup.json'));
    expect((await refusal({ delete: 'now' })).type).toBe('DestinationOccupied');
    expect((await refusal({ destination: join(ground.dir, 'not/there') })).type).toBe('DestinationMissing');
  });

  test('a copy that was there and is gone is not begun anew, unless allowed', async () => {
    const { place } = ground.context();
    const at = new Date(0).toISOString();
    const record = { destination: ground.copy, sourcePath: ground.source, serverId: 's', operationId: 'x' };
    writeRecord(place, {
      ...record,
      lastSuccess: at,
      endedAt: at,
      lastDelete: null,
      token: null,
      purges: [],
      files: 0,
      bytes: 0,
      deleted: 0,
    });
    mkdirSync(ground.copy);
    expect((await refusal()).type).toBe('DestinationGone');
    await ground.sync({ allowEmptyDestination: true });
    expect(ground.differences()).toEqual([]);
  });

  test('more deletions than allowed are counted before anything is deleted', async () => {
    await ground.sync();
    rmSync(join(ground.source, 'accounts/a1/items'), { recursive: true });
    const { type, details } = await refusal({ delete: 'now' });
    expect(type).toBe('TooManyDeletions');
    expect(details).toMatchObject({ deletions: 11 });
    expect((await refusal({ delete: 'now', maxDeletions: { count: 10, percent: 100 } })).type).toBe(
      'TooManyDeletions',
    );
    expect(ground.differences().filter((line) => line.startsWith('*deleting')).length).toBe(11);
    expect(guardDeletions(5, 50, { count: 5, percent: 10 })).toBe(5);
    expect(() => guardDeletions(6, 59, { count: 9, percent: 10 })).toThrow(/6 of 59/);
  });

  test('a daemon that stopped at the limit of deletions ended well, and is told all the same', async () => {
    const { port } = await ground.daemon();
    const context = ground.context({ destination: `rsync://127.0.0.1:${port}/copy` });
    await ground.sync();
    rmSync(join(ground.source, 'accounts/a1/items'), { recursive: true });
    const run = { from: `${ground.source}/`, to: remotePath(context.transport), delete: true, maxDelete: 1 };
    await expect(sync(context, run, { what: 'deleting' })).rejects.toMatchObject({
      type: 'TooManyDeletions',
      details: { code: 0 },
    });
    expect(ground.differences().filter((line) => line.startsWith('*deleting')).length).toBe(10);
  });

  test('a sync started by hand, under another spelling of the path', async () => {
    mkdirSync(ground.copy);
    const args = ['-a', '--bwlimit=1', `${ground.source}/`, './copy/'];
    writeFileSync(join(ground.source, 'items/large'), Buffer.alloc(3_000_000));
    const child = spawn('rsync', args, { cwd: ground.dir, stdio: 'ignore', detached: true });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { type, message } = await refusal();
      expect([type, message]).toEqual(['SyncRunning', expect.stringMatching(/\(process \d+/)]);
    } finally {
      process.kill(-(child.pid as number), 'SIGKILL');
      await exited;
    }
  });

  test('secrets: missing, readable by others', async () => {
    const { port } = await ground.daemon();
    const destination = `rsync://backup@127.0.0.1:${port}/locked`;
    expect((await refusal({ destination, passwordFile: '/nonexistent' })).type).toBe('SecretUnusable');
    const open = join(ground.dir, 'open');
    writeFileSync(open, 'opensesame', { mode: 0o644 });
    expect((await refusal({ destination, passwordFile: open })).type).toBe('SecretUnusable');
    writeFileSync(join(ground.dir, 'wrong'), 'geheim', { mode: 0o600 });
    const wrong = await refusal({ destination, passwordFile: join(ground.dir, 'wrong') });
    expect(wrong.type).toBe('SyncRefused');
    expect(wrong.message).not.toMatch(/geheim|opensesame/);
    // without one nobody is asked
    expect((await refusal({ destination })).type).toBe('SyncRefused');
  });

  test('a daemon that only reads, a module that is not there, nobody at home', async () => {
    const daemon = await ground.daemon();
    const url = `rsync://127.0.0.1:${daemon.port}`;
    expect((await refusal({ destination: `${url}/readonly` })).type).toBe('SyncRefused');
    expect((await refusal({ destination: `${url}/nothing` })).type).toBe('SyncRefused');
    await daemon.stop();
    expect((await refusal({ destination: `${url}/copy` })).type).toBe('SyncInterrupted');
  });

  test('too little space is seen before', () => {
    expect(() => guardSpace(ground.dir, { bytes: 2 ** 60, files: 1 })).toThrow(Problem);
    guardSpace(ground.dir, { bytes: 1, files: 1 });
  });

  mountTest('a volume that is too small: refused for what it would take, nothing copied', async () => {
    mkdirSync(ground.copy);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'lifeboat-test', ground.copy]);
    expect(mounted.status).toBe(0);
    try {
      writeFileSync(join(ground.source, 'items/large'), Buffer.alloc(3_000_000));
      expect((await refusal()).type).toBe('DestinationTooSmall');
      expect(touched()).toEqual([]);
    } finally {
      spawnSync('umount', [ground.copy]);
    }
  });
});
