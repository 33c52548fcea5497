/**
 * 6. An offsite copy against plain `rsync -a` of the same tree, to a folder, by turns: first copy, nothing changed, one
 * percent changed, the same with deletions. Beside it `rclone sync`, where it is installed. What Lifeboat does is its steps
 * as the worker runs them, without Temporal. Judged by the median of the elapsed times; the best, and processor time, which
 * other work on the machine changes less, stand beside it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { built, median, remove, seconds, settle } from './common.mjs';

const { offsiteSyncInput } = built('contracts/offsite-sync.js');
const { checkSync } = built('offsite/check.js');
const passes = built('offsite/passes.js');
const { finishSync } = built('offsite/finish.js');
const holding = built('offsite/holding.js');
const deletions = built('offsite/deletions.js');
const { stage } = built('offsite/stage.js');
const { LISTS } = built('offsite/lists.js');
const { survey } = built('offsite/survey.js');
const { openContext } = built('offsite/sync-context.js');
const { TOKEN } = built('rsync/arguments.js');
const { BackupPathWriter } = built('backup-path/writer.js');
const { blobPath, itemPath } = built('backup-path/layout.js');

async function syncDirectly(source, destination, stateDir, deletes) {
  const input = offsiteSyncInput.parse({
    ...{ sourcePath: source, destination, delete: deletes ? 'now' : 'never' },
    maxDeletions: { percent: 100 },
  });
  const request = { operationId: 'bench', operationKey: 'bench bench', startedAt: Date.now(), input };
  const hooks = { signal: new AbortController().signal, onProgress: () => undefined };
  const context = openContext(stateDir, request, hooks, false);
  const { first, serverId } = await checkSync(context, stateDir);
  const found = await survey(context, first, deletes);
  if (first) await passes.claim(context);
  if (found.metadata + found.blobs > 0) {
    if (found.held) await holding.copyBoth(context);
    else {
      await stage(context, join(context.place.workDir, LISTS.metadata));
      await passes.copyBlobs(context, first);
    }
    const { leftOut } = await (found.held ? holding.placeMetadata(context) : passes.sendMetadata(context));
    if (leftOut > 0) throw new Error(`${leftOut} files were left out of a tree that nobody changes`);
  }
  if (found.deletions > 0) {
    await deletions.deleteMetadata(context);
    await deletions.deleteBlobs(context);
  }
  const figures = { files: 0, bytes: 0, deleted: 0, swept: deletes, leftOut: 0, purges: null };
  await finishSync(context, serverId, figures);
  await passes.tidy(context, false);
}

function call(program, args) {
  const { status, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.trim()}`);
}
const isInstalled = (program) => spawnSync(program, ['--version']).error === undefined;

/** Ways of copying; each has a destination of its own. */
const WAYS = {
  rsync: (source, to, deletes) =>
    call('rsync', ['-a', ...(deletes ? ['--delete-delay'] : []), `${source}/`, `${to}/`]),
  lifeboat: (source, to, deletes) => syncDirectly(source, to, `${to}-state`, deletes),
  rclone: (source, to, deletes) =>
    // without deletions, too: it lists both sides all the same
    call('rclone', [deletes ? 'sync' : 'copy', '--config', '/dev/null', '--links', source, to]),
};

/** New mails for one item in a hundred, and as many gone, metadata and blob. */
function changeOnePercent({ root, list }, round) {
  const writer = BackupPathWriter.open(root, false);
  const step = 100;
  for (let at = round; at < list.length; at += step) {
    const { account, item, digest } = list[at];
    const id = `account-${String(account).padStart(5, '0')}`;
    const fresh = writer.blob(
      Buffer.from(`Subject: changed ${round} ${at}\r\n\r\n${'new words '.repeat(200)}`),
    );
    writer.item(id, 1_000_000 + round * 1_000_000 + at, [{ ...STATE, digest: fresh }]);
    rmSync(join(root, itemPath(id, item)), { force: true });
    rmSync(join(root, blobPath(digest)), { force: true });
  }
}
const STATE = {
  start: 1.7e12,
  end: null,
  type: 'message',
  deleted: false,
  folder: 2,
  name: null,
  flags: '',
  tags: [],
  date: 1.7e12,
  size: 2000,
};

/** @param store is changed. Its blobs must each be named once */
export async function benchOffsite(folder, store, rounds) {
  const names = Object.keys(WAYS).filter((name) => name === 'lifeboat' || isInstalled(name));
  if (!names.includes('rsync')) return { skipped: 'rsync (Debian: apt-get install rsync)' };
  const to = (name) => join(folder, `offsite-${name}`);
  const times = {};
  const timed = async (what, deletes, round) => {
    // nobody is always the first to read what was changed
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + round) % names.length];
      settle();
      const before = cpuSeconds();
      const wall = await seconds(() => WAYS[name](store.root, to(name), deletes));
      ((times[what] ??= {})[name] ??= []).push({ wall, cpu: cpuSeconds() - before });
    }
  };
  const clear = () => {
    for (const name of names) {
      remove(to(name));
      remove(`${to(name)}-state`);
      mkdirSync(`${to(name)}-state`);
    }
  };
  try {
    // the first to read the source would wait for the disk
    clear();
    WAYS.rsync(store.root, to('rsync'), false);
    for (let round = 0; round < rounds; round++) {
      clear();
      await timed('first', false, round);
      await timed('same', false, round);
      changeOnePercent(store, 2 * round);
      await timed('changed', false, round);
      changeOnePercent(store, 2 * round + 1);
      await timed('deleted', true, round);
      assertSame(store.root, to('lifeboat'));
    }
  } finally {
    for (const name of names) {
      remove(to(name));
      remove(`${to(name)}-state`);
    }
  }
  const all = (what, name, of) => times[what][name].map((one) => one[of]);
  const best = (values) => Math.min(...values);
  const cases = Object.keys(times).map((what) => {
    const against = (peer, pick, of) => pick(all(what, 'lifeboat', of)) / pick(all(what, peer, of));
    const walls = Object.fromEntries(names.map((name) => [name, median(all(what, name, 'wall'))]));
    const ratio = against('rsync', median, 'wall');
    const bestRatio = against('rsync', best, 'wall');
    const cpuRatio = against('rsync', median, 'cpu');
    const rcloneRatio = names.includes('rclone') ? against('rclone', median, 'wall') : null;
    return { what, ...walls, ratio, bestRatio, cpuRatio, rcloneRatio, runs: times[what] };
  });
  return { files: 2 * store.list.length, rounds, cases };
}

/** Processor seconds of this process and of all its children that have ended. */
function cpuSeconds() {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** A copy that is fast and wrong is no result. */
function assertSame(source, copy) {
  const { stdout, status } = spawnSync(
    'rsync',
    ['-anc', '--delete', '-i', `--exclude=/${TOKEN}`, `${source}/`, `${copy}/`],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0 || stdout !== '') throw new Error(`the copy differs: ${stdout.slice(0, 500)}`);
}
