/** 2. Restore into Maildir against plain copying of the gunzip'd files. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { built, deal, inThreads, median, remove, seconds, settle, THREADS } from './common.mjs';

const { runInThread } = built('restore/in-thread.js');
const { externalRestoreInput } = built('contracts/external-restore.js');

/** The steps of a restore as the worker runs them, each in a thread, the lanes side by side; without Temporal. */
export async function restoreDirectly(source, to, target = `maildir:${join(to, 'mail')}`, secretsDir = null) {
  const settings = { stateDir: join(to, 'state'), defaultTarget: target, secretsDir };
  const input = externalRestoreInput.parse({ sourcePath: source, concurrentAccounts: THREADS });
  const request = { operationId: 'bench', operationKey: 'bench', input };
  const options = { onProgress: () => undefined, signal: new AbortController().signal };
  const step = (name, more = {}) => runInThread(name, { request, settings, ...more }, options);
  await step('plan');
  await step('provision');
  const lane = async (number) => {
    while ((await step('slice', { lane: number, seconds: 30 })).more);
  };
  await Promise.all(Array.from({ length: THREADS }, (_, number) => lane(number)));
  await step('extras');
  const ending = {
    status: 'completed',
    endedAt: Date.now(),
    phases: [],
    notifications: [],
    engineReason: '',
  };
  return (await step('report', { ending })).counters;
}

export async function benchRestore(folder, store, rounds) {
  const to = join(folder, 'out');
  const timed = async (body) => {
    remove(to);
    mkdirSync(to);
    settle();
    return seconds(body);
  };
  const copy = (fsync) =>
    timed(async () => {
      const accounts = [...new Set(store.list.map(({ account }) => account))];
      for (const account of accounts) mkdirSync(join(to, String(account)));
      const blobs = join(store.root, 'items');
      await inThreads(
        'copy-thread.mjs',
        deal(accounts, THREADS).map((hand) => {
          const list = store.list.filter(({ account }) => hand.includes(account));
          return { blobs, to, list, fsync };
        }),
      );
    });
  const restore = () =>
    timed(async () => {
      const { restored } = await restoreDirectly(store.root, to);
      if (restored !== store.list.length) throw new Error(`only ${restored} items were restored`);
    });
  const times = { restore: [], plain: [], synced: [] };
  await copy(false); // warm page cache
  for (let round = 0; round < rounds; round++) {
    times.plain.push(await copy(false));
    times.restore.push(await restore());
    times.synced.push(await copy(true));
  }
  remove(to);
  const items = store.list.length;
  const perSecond = (values) => items / median(values);
  return {
    items,
    restore: perSecond(times.restore),
    copy: perSecond(times.plain),
    copyFsync: perSecond(times.synced),
    ratio: median(times.plain) / median(times.restore),
    ratioFsync: median(times.synced) / median(times.restore),
  };
}
