/**
 * The build: src/ compiled to dist/, then the workflow bundle made ahead of time, so that a worker starts in a
 * moment and runs exactly what was built.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { withLock } from './lock.mjs';
import { lockFile, root } from './paths.mjs';
import { say, SetupError } from './report.mjs';
import { runNode } from './run.mjs';

const src = join(root, 'src');
const dist = join(root, 'dist');
const stampFile = join(dist, '.build-stamp');
const bundleFile = join(dist, 'workflow-bundle.js');
/** What a build depends on besides src/. */
const SETTINGS = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/lib/build.mjs',
];

/** All files below a folder, relative to it, in a fixed order. */
function filesBelow(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
}

function isSource(name) {
  return name.endsWith('.ts') && !name.endsWith('.d.ts');
}

/** Files that are neither TypeScript nor notes: copied as they are. */
function assets() {
  return filesBelow(src).filter((name) => !name.endsWith('.ts') && !name.endsWith('.md'));
}

function outputOf(source) {
  return source.replace(/\.ts$/, '.js');
}

/** Names, sizes and times of all inputs: cheap enough for every run of every script. */
function inputsDigest() {
  const hash = createHash('sha256').update(process.versions.modules);
  for (const file of [
    ...SETTINGS.map((name) => join(root, name)),
    ...filesBelow(src).map((n) => join(src, n)),
  ]) {
    const { size, mtimeNs } = statSync(file, { bigint: true });
    hash.update(`${relative(root, file)}\0${size}\0${mtimeNs}\n`);
  }
  return hash.digest('hex');
}

function missingOutputs() {
  return filesBelow(src)
    .filter((name) => !name.endsWith('.d.ts') && !name.endsWith('.md'))
    .filter((name) => !existsSync(join(dist, outputOf(name))));
}

function isCurrent(digest) {
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== digest) return false;
  return existsSync(bundleFile) && missingOutputs().length === 0;
}

/** Outputs whose source is gone would still be loaded, and bundled. */
function removeOrphans() {
  const kept = new Set(filesBelow(src).map((name) => join(dist, outputOf(name))));
  for (const name of filesBelow(dist)) {
    const file = join(dist, name);
    if (dirname(file) === dist && (file === bundleFile || name.startsWith('.'))) continue;
    if (!kept.has(file.replace(/\.map$/, ''))) rmSync(file);
  }
}

async function compile() {
  // The compiler trusts its own record of what it wrote; without these files the record is wrong.
  if (missingOutputs().some(isSource)) rmSync(join(dist, '.tsbuildinfo'), { force: true });
  const code = await runNode([join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  if (code !== 0) throw new SetupError('The build failed: the compiler says why above.');
  removeOrphans();
  for (const name of assets()) {
    mkdirSync(dirname(join(dist, name)), { recursive: true });
    copyFileSync(join(src, name), join(dist, name));
  }
}

async function bundle() {
  const require = createRequire(import.meta.url);
  const { bundleWorkflows } = require(join(dist, 'bundle.js'));
  const { code, warnings } = await bundleWorkflows({
    workflows: join(dist, 'workflows/index.js'),
    contracts: join(dist, 'contracts'),
    preload: join(dist, '.preload.js'),
  }).catch((error) => {
    throw new SetupError(`The workflow bundle could not be made: ${error.message}`);
  });
  if (warnings.length > 0) say(warnings.join('\n'));
  // A worker may be starting from the old one.
  writeFileSync(`${bundleFile}.new`, code);
  renameSync(`${bundleFile}.new`, bundleFile);
}

/** Builds what has changed since the last build; returns at once when nothing has. */
export async function build() {
  if (isCurrent(inputsDigest())) return;
  await withLock(lockFile, async () => {
    // Taken before the compiler reads, so that a file saved meanwhile makes the next build run.
    const digest = inputsDigest();
    if (isCurrent(digest)) return;
    say('Building …');
    rmSync(stampFile, { force: true });
    await compile();
    await bundle();
    writeFileSync(stampFile, digest);
  });
}
