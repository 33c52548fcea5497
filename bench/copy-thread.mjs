/** The plainest copy there is: reads, gunzips and writes, file by file; nothing is checked, nothing remembered. */
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';

const { blobs, to, list, fsync } = workerData;

for (const { account, item, digest } of list) {
  const content = gunzipSync(readFileSync(join(blobs, digest.slice(0, 2), digest)));
  const path = join(to, String(account), String(item));
  if (!fsync) writeFileSync(path, content);
  else {
    const fd = openSync(path, 'w');
    writeSync(fd, content);
    fsyncSync(fd);
    closeSync(fd);
  }
}
