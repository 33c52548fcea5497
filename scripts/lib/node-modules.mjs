/** The npm dependencies: installed when they are not what package-lock.json says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { withLock } from './lock.mjs';
import { lockFile, root } from './paths.mjs';
import { say, SetupError } from './report.mjs';
import { run } from './run.mjs';

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Whether node_modules holds what package-lock.json asks for.
 *
 * npm's own record in node_modules is the stamp: npm writes it last, so a half-done installation has none. Optional
 * packages are compared only where they were installed, because most of them are for other machines.
 */
export function dependenciesAreCurrent(top = root) {
  const wanted = packagesOf(join(top, 'package-lock.json'));
  const installed = packagesOf(join(top, 'node_modules', '.package-lock.json'));
  if (!wanted) throw new SetupError('package-lock.json is missing or damaged: restore it from git.');
  if (!installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const there = installed[path];
    if (!there) return entry.optional === true || entry.devOptional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

/**
 * `npm install --no-save` takes exactly what package-lock.json names. Not `npm ci`, which refuses a lock file that
 * leaves out optional packages for other machines, as npm writes it where the registry does not have them all. What
 * else `npm ci` would find, a lock file that does not fit package.json, is found by comparing afterwards.
 */
async function install() {
  if (dependenciesAreCurrent()) return;
  say('Installing the npm dependencies …');
  // npm's summary is for people who installed by hand; its errors are shown.
  const code = await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  }).catch((error) => {
    if (error.code === 'ENOENT') throw new SetupError('npm is missing: install npm (it comes with Node.js).');
    throw error;
  });
  if (code !== 0) {
    throw new SetupError(
      'The npm dependencies could not be installed, see above. That needs the npm registry (or a proxy of it, set with ' +
        '`npm config set registry`). With that in reach, run `npm run setup` again.',
    );
  }
  if (!dependenciesAreCurrent()) {
    throw new SetupError(
      'package-lock.json does not fit package.json: restore both from git, or run `npm install` to bring it up to date.',
    );
  }
}

/** Installs when it is needed, and not beside another set-up that does. */
export async function installDependencies() {
  if (!dependenciesAreCurrent()) await withLock(lockFile, install);
}
