/** Small things that every measurement needs. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** What was built, by its path below src/. */
export const built = (name) => require(join(root, 'dist', name));
export const here = (name) => join(root, 'bench', name);

/** Two cores are what the figures of the aims were measured on. */
export const THREADS = 2;

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export async function seconds(body) {
  const begin = process.hrtime.bigint();
  await body();
  return Number(process.hrtime.bigint() - begin) / 1e9;
}

/** Everything that earlier steps wrote is on disk, so that the next one does not pay for it. */
export function settle() {
  spawnSync('sync');
}

/**
 * A name that no earlier run had. What a run wrote stays until the end of all: ext4 looks, for each new file, past the
 * inodes that were freed within the last minutes, so what comes after a large removal is slow for no fault of its own.
 */
export const newFolder = (parent, name) => mkdtempSync(join(parent, `${name}-`));

export const remove = (path) => rmSync(path, { recursive: true, force: true });

/** Runs a script in threads, one for each element of `shares`; answers what they post. */
export function inThreads(script, shares) {
  return Promise.all(
    shares.map(
      (workerData) =>
        new Promise((resolve, reject) => {
          const thread = new Worker(here(script), { workerData });
          let answer;
          thread.on('message', (message) => (answer = message));
          thread.on('error', reject);
          thread.on('exit', (code) =>
            code === 0 ? resolve(answer) : reject(new Error(`${script} ended with ${code}`)),
          );
        }),
    ),
  );
}

/** Deals values out to `count` hands. */
export const deal = (values, count) =>
  Array.from({ length: count }, (_, hand) => values.filter((_value, at) => at % count === hand));

/** The cores that this process may use; none where nobody can say. */
export function cores() {
  const { stdout } = spawnSync('taskset', ['-c', '-p', String(process.pid)], { encoding: 'utf8' });
  const list = /: ([\d,-]+)\s*$/.exec(stdout ?? '')?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return range === '' ? [] : Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}

/** Keeps this process, with all its threads, to some cores. */
export function keepTo(list) {
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', list.join(','), String(process.pid)]);
  if (status !== 0) throw new Error(`this process cannot be kept to the cores ${list.join(', ')}`);
}
