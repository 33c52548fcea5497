/** 1. Verify against a C program on stock zlib and OpenSSL that does the same. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { built, here, median, seconds, THREADS } from './common.mjs';

const { verifyStore } = built('backup-path/verify.js');

const HEADERS = [
  { file: '/usr/include/zlib.h', debian: 'zlib1g-dev' },
  { file: '/usr/include/openssl/evp.h', debian: 'libssl-dev' },
];
const compiler = () => ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);

/** The program, or why there is none. */
function compile(folder) {
  const cc = compiler();
  if (!cc) return { missing: 'a C compiler (Debian: apt-get install gcc libc6-dev zlib1g-dev libssl-dev)' };
  const program = join(folder, 'verify');
  const attempt = () =>
    spawnSync(cc, ['-O2', '-o', program, here('verify.c'), '-lz', '-lcrypto', '-lpthread'], {
      encoding: 'utf8',
    });
  let result = attempt();
  if (result.status !== 0) {
    const wanted = HEADERS.filter(({ file }) => !existsSync(file)).map(({ debian }) => debian);
    if (wanted.length === 0) return { missing: `a C compiler that works here (${result.stderr.trim()})` };
    if (!installByApt(wanted))
      return { missing: `${wanted.join(' and ')} (Debian: apt-get install ${wanted.join(' ')})` };
    result = attempt();
    if (result.status !== 0) return { missing: `a C compiler that works here (${result.stderr.trim()})` };
  }
  return { program };
}

function installByApt(packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawnSync('apt-get', ['-q', ...args], { env, stdio: 'ignore' }).status === 0;
  return apt('update') && apt('install', '-y', '--no-install-recommends', ...packages);
}

/** Runs it once; wall and processor seconds. */
async function runC(program, { root, blobs }) {
  let answer;
  const wall = await seconds(() => {
    answer = spawnSync(program, [join(root, 'items'), String(THREADS)], { encoding: 'utf8' });
  });
  if (answer.status !== 0) throw new Error(`the C program ended with ${answer.status}`);
  const [files, , bad, cpu] = answer.stdout.trim().split(' ').map(Number);
  if (files !== blobs.length || bad !== 0) throw new Error(`the C program saw ${files} files, ${bad} bad`);
  return { wall, cpu };
}

async function runOurs({ root, blobs }) {
  const before = process.cpuUsage();
  let summary;
  const wall = await seconds(async () => (summary = await verifyStore(root, { threads: THREADS })));
  const { user, system } = process.cpuUsage(before);
  const { broken, read } = summary.findings;
  // the one read error is the server configuration, which this store of blobs alone does not have
  if (summary.blobs !== blobs.length || broken > 0 || read > 1) throw new Error('verify went wrong');
  return { wall, cpu: (user + system) / 1e6, bytes: summary.bytes };
}

/**
 * Three ratios, each C by ours: of the medians and of the shortest wall times, and of the median processor times. On a
 * machine with other work the last two are the ones to look at; the figure of the aim was taken by the shortest.
 */
export async function benchVerify(folder, blobs, rounds) {
  const { program, missing } = compile(folder);
  const c = [];
  const ours = [];
  const { bytes } = await runOurs(blobs); // both begin with a warm page cache
  for (let round = 0; round < rounds; round++) {
    if (program) c.push(await runC(program, blobs));
    ours.push(await runOurs(blobs));
  }
  const summary = (runs) => ({
    median: median(runs.map(({ wall }) => wall)),
    best: Math.min(...runs.map(({ wall }) => wall)),
    cpu: median(runs.map(({ cpu }) => cpu)),
  });
  const result = { files: blobs.blobs.length, megabytes: bytes / 1e6, rounds, ours: summary(ours) };
  if (!program) return { ...result, skipped: missing };
  const theirs = summary(c);
  const ratio = (name) => theirs[name] / result.ours[name];
  return {
    ...result,
    c: theirs,
    ratio: { median: ratio('median'), best: ratio('best'), cpu: ratio('cpu') },
  };
}
