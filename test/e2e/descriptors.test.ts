/**
 * File descriptors are numbers that all threads of a process share: one that is closed twice may be another thread's
 * file by then.
 */
import { spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { blobPath } from '../../src/backup-path/layout';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';

let bench: RestoreBench;
beforeEach(() => {
  bench = new RestoreBench();
});
afterEach(() => bench.remove());

/** Loads each digest with the compiled reader in a thread, where Node keeps count of who opened what. */
const PROGRAM = `
const { Worker, isMainThread, workerData } = require('node:worker_threads');
if (isMainThread) {
  new Worker(__filename, { workerData: process.argv.slice(2) }).on('error', (e) => { console.error(e); process.exit(1); });
} else {
  const [dist, root, ...digests] = workerData;
  const { BackupPath } = require(dist + '/backup-path/store.js');
  (async () => {
    const store = BackupPath.open(root);
    for (const digest of digests) {
      const blob = await store.blobs.load(digest).catch((error) => error);
      if (blob.kind === 'stream') for await (const chunk of blob.open()) void chunk;
      console.log(blob.kind);
    }
  })();
}
`;

test('damaged and large blobs are closed once each', () => {
  const { store } = bench;
  store.writer.account(accountInfo('a1', 'jane@example.com'));
  const path = (digest: string): string => join(store.root, blobPath(digest));
  const cut = store.message('a1', 300, mail('cut', 'x '.repeat(5000)));
  truncateSync(path(cut), 60);
  const garbage = store.message('a1', 301, mail('garbage'));
  writeFileSync(path(garbage), 'this is no gzip at all');
  const tail = store.message('a1', 302, mail('tail'));
  writeFileSync(path(tail), 'foreign bytes', { flag: 'a' });
  const large = store.message('a1', 303, Buffer.alloc(9 * 1024 * 1024, 'abc\r\n'));
  const program = join(bench.folder, 'load.js');
  writeFileSync(program, PROGRAM);
  const digests = Array.from({ length: 5 }, () => [cut, garbage, tail, large]).flat();
  const dist = resolve(__dirname, '../../dist');
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, dist, store.root, ...digests], {
    encoding: 'utf8',
  });
  expect(stdout.trim().split('\n').slice(0, 4)).toEqual(['broken', 'broken', 'stream', 'stream']);
  // Node warns of a descriptor that is closed by who did not open it
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
