/** A real file system that does not tell upper from lower case: exFAT, by FUSE, on a loop device. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../src/failures';
import { hasRsync, Offsite } from './kit';

const run = (program: string, ...args: string[]): { ok: boolean; out: string } => {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return { ok: status === 0, out: (stdout ?? '').trim() };
};

/** Mounts a new exFAT on this folder. Answers how to take it away; null where this machine cannot. */
function mountExfat(image: string, folder: string): (() => void) | null {
  writeFileSync(image, '');
  truncateSync(image, 16 * 2 ** 20);
  if (!run('mkfs.exfat', image).ok) return null;
  const loop = run('losetup', '-f', '--show', image);
  if (!loop.ok) return null;
  if (!run('mount.exfat-fuse', loop.out, folder).ok) {
    run('losetup', '-d', loop.out);
    return null;
  }
  return () => {
    expect(run('umount', folder).ok).toBe(true);
    run('losetup', '-d', loop.out);
  };
}

function canMount(): boolean {
  if (!hasRsync || process.getuid?.() !== 0) return false;
  const ground = new Offsite();
  mkdirSync(ground.copy);
  const unmount = mountExfat(join(ground.dir, 'probe.img'), ground.copy);
  unmount?.();
  void ground.clean();
  return unmount !== null;
}

// skipped where there is no root, no loop device, or no exFAT (Debian: apt-get install exfatprogs exfat-fuse)
(canMount() ? test : test.skip)(
  'exFAT is refused before anything is copied, as a folder and behind a daemon',
  async () => {
    const ground = new Offsite().fill(1, 5);
    mkdirSync(ground.copy);
    const unmount = mountExfat(join(ground.dir, 'disk.img'), ground.copy);
    const daemon = await ground.daemon();
    try {
      for (const destination of [ground.copy, `rsync://127.0.0.1:${daemon.port}/copy`]) {
        const error: unknown = await ground.sync({ destination }).catch((cause: unknown) => cause);
        expect(error).toBeInstanceOf(Problem);
        expect(error).toMatchObject({
          type: 'DestinationNotCaseSensitive',
          message: expect.stringMatching(/differ only in case are one file/),
        });
        expect(readdirSync(ground.copy)).toEqual([]);
      }
    } finally {
      await daemon.stop('SIGKILL');
      unmount?.();
      await ground.clean();
    }
  },
);
