/** Whether a source was the same, and whole, all through a step: rsync takes an empty folder for what the source has. */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNTS, BLOBS } from '../backup-path/layout';
import { Problem } from '../failures';
import { guardSource } from './guard-source';
import type { SyncContext } from './sync-context';

/**
 * Runs a step. The source is looked at before and after it, and its folders are kept open meanwhile: so a volume below it
 * can be unmounted only by force, and is another mount when it returns.
 * @param reopen opens the source anew, for the look afterwards
 * @throws Problem `SourceUnavailable`: the step is to be done again
 */
export async function onSameSource<T>(
  reopen: () => SyncContext,
  serverId: string,
  body: (context: SyncContext) => Promise<T>,
): Promise<T> {
  const context = reopen();
  assertSameSource(context, serverId);
  const mounts = new Mounts(context.store.root);
  try {
    const result = await body(context);
    assertSameSource(reopen(), serverId);
    mounts.assertSame();
    return result;
  } finally {
    mounts.close();
  }
}

/**
 * The source is that of the start, and whole.
 * @throws Problem `SourceUnavailable`
 */
export function assertSameSource({ store }: SyncContext, serverId: string): void {
  if (store.marker.serverId !== serverId) {
    const what = `At ${store.root} is now the Backup Path of another server (${store.marker.serverName}).`;
    throw new Problem('SourceUnavailable', what, { path: store.root });
  }
  try {
    guardSource(store.root);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem('SourceUnavailable', error.message, error.details, { cause: error });
  }
}

class Mounts {
  private readonly open: { path: string; fd: number }[] = [];

  constructor(root: string) {
    for (const path of [root, join(root, ACCOUNTS), join(root, BLOBS)])
      this.open.push({ path, fd: openFolder(path) });
  }

  assertSame(): void {
    for (const { path, fd } of this.open) {
      const now = openFolder(path);
      try {
        if (mountOf(now) === mountOf(fd)) continue;
      } finally {
        closeSync(now);
      }
      const what = `${path} was unmounted, and mounted again, while the step went on.`;
      throw new Problem('SourceUnavailable', what, { path });
    }
  }

  close(): void {
    for (const { fd } of this.open) closeSync(fd);
  }
}

function openFolder(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Problem('SourceUnavailable', `${path} cannot be opened (${code}).`, { path }, { cause: error });
  }
}

/** The kernel does not give the number of a mount to another while a file of it is open (proc(5), `fdinfo`). */
function mountOf(fd: number): string {
  const [, id] = /^mnt_id:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? [];
  if (id === undefined) throw new Error('the kernel does not tell the mount of an open folder');
  return id;
}
