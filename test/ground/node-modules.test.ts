import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { evaluate } from './run-node';

let top: string;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'lifeboat-npm-'));
  mkdirSync(join(top, 'node_modules'));
});

afterEach(() => {
  rmSync(top, { recursive: true, force: true });
});

const one = { version: '1.0.0', integrity: 'sha512-one' };
const foreign = { version: '1.0.0', integrity: 'sha512-foreign', optional: true };

function wanted(packages: Record<string, unknown>): void {
  writeFileSync(join(top, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...packages } }));
}

function installed(packages: Record<string, unknown>): void {
  writeFileSync(join(top, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
}

async function isCurrent(): Promise<string> {
  const { stdout, stderr } = await evaluate(
    'node-modules.mjs',
    `m.dependenciesAreCurrent(${JSON.stringify(top)})`,
  );
  return stdout || stderr.trim();
}

test('what is installed is compared with what is wanted', async () => {
  wanted({ 'node_modules/one': one, 'node_modules/foreign': foreign });
  expect(await isCurrent()).toBe('false');
  installed({ 'node_modules/one': one });
  expect(await isCurrent()).toBe('true');
  wanted({ 'node_modules/one': { ...one, version: '1.0.1' } });
  expect(await isCurrent()).toBe('false');
  wanted({ 'node_modules/one': one, 'node_modules/two': one });
  expect(await isCurrent()).toBe('false');
});

test('a half-written record is no record; a missing wish is named', async () => {
  wanted({ 'node_modules/one': one });
  writeFileSync(join(top, 'node_modules/.package-lock.json'), '{"packages": {"node_mod');
  expect(await isCurrent()).toBe('false');
  rmSync(join(top, 'package-lock.json'));
  expect(await isCurrent()).toMatch(/^package-lock\.json is missing/);
});
