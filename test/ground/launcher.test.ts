/** bin/lifeboat, in a folder of its own with a program that does what the test wants. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root, runNode } from './run-node';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-bin-'));
  mkdirSync(join(dir, 'bin'));
  copyFileSync(join(root, 'bin/lifeboat'), join(dir, 'bin/lifeboat'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function built(main: string): void {
  mkdirSync(join(dir, 'dist/client'), { recursive: true });
  writeFileSync(join(dir, 'dist/client/main.js'), `exports.main = ${main};`);
}

const launch = (env = {}) => runNode([join(dir, 'bin/lifeboat'), 'a', '--b'], { ...process.env, ...env });

test('says what to do when nothing is built', async () => {
  const { code, stderr } = await launch();
  expect(code).toBe(1);
  expect(stderr).toContain('npm run setup');
});

test('hands the arguments over and the exit code back', async () => {
  built('async (argv) => { process.stdout.write(argv.join(" ")); return 3; }');
  expect(await launch()).toEqual({ code: 3, stdout: 'a --b', stderr: '' });
});

test('shows an unexpected error in one line, its stack only on demand', async () => {
  built('async () => { throw new Error("the reason\\nand more"); }');
  expect(await launch({ LIFEBOAT_DEBUG: '' })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'lifeboat: the reason\n',
  });
  expect((await launch({ LIFEBOAT_DEBUG: '1' })).stderr).toMatch(/\n\s+at /);
});
