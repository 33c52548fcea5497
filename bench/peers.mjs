/**
 * 1b. Verify beside the checks of restic and borg over the same content, where these are installed. Not the same work:
 * they check chunks of the gzip'd files in stores of their own, and neither gunzips nor looks at metadata.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { median, remove, seconds } from './common.mjs';

const PEERS = [
  {
    name: 'restic check --read-data',
    program: 'restic',
    debian: 'restic',
    env: (repository) => ({
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: 'bench',
      RESTIC_CACHE_DIR: `${repository}-cache`,
    }),
    make: (content) => [
      ['init', '-q'],
      ['backup', '-q', content],
    ],
    check: ['check', '-q', '--read-data', '--no-cache'],
  },
  {
    name: 'borg check --verify-data',
    program: 'borg',
    debian: 'borgbackup',
    env: (repository) => ({ BORG_REPO: repository, BORG_BASE_DIR: `${repository}-cache` }),
    make: (content) => [
      ['init', '-e', 'none'],
      ['create', '-C', 'none', '::content', content],
    ],
    check: ['check', '--verify-data'],
  },
];

function call(program, args, env) {
  const { status, stderr, error } = spawnSync(program, args, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr.trim()}`);
}

const isInstalled = (program) => spawnSync(program, ['--version']).error === undefined;

/** One after the other; a repository is removed before the next is made. */
export async function benchPeers(folder, { root }, rounds) {
  const results = [];
  for (const { name, program, debian, env, make, check } of PEERS) {
    if (!isInstalled(program)) {
      results.push({ name, skipped: `${program} (Debian: apt-get install ${debian})` });
      continue;
    }
    const repository = join(folder, `peer-${program}`);
    mkdirSync(`${repository}-cache`, { recursive: true });
    try {
      const variables = env(repository);
      for (const args of make(join(root, 'items'))) call(program, args, variables);
      const walls = [];
      for (let round = 0; round < rounds; round++)
        walls.push(await seconds(() => call(program, check, variables)));
      results.push({ name, median: median(walls), best: Math.min(...walls) });
    } finally {
      remove(repository);
      remove(`${repository}-cache`);
    }
  }
  return results;
}
