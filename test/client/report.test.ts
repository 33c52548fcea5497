/** `lifeboat report` after a restore whose server is gone. */
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './cli';
import { Ground } from './ground';

let ground: Ground;
let operationId: string;
let reportDir: string;
beforeAll(async () => {
  ground = new Ground();
  ground.fill(3, [258]);
  const command = ['restore', 'old', '--target', 'maildir:mail', '--embedded', '--json'];
  for (let times = 0; times < 2; times++) {
    const { stdout } = await run(command, ground.env, ground.dir);
    ({ operationId, reportDir } = JSON.parse(stdout) as { operationId: string; reportDir: string });
  }
});
afterAll(() => ground.clean());

test('prints the newest report as text, without a server', async () => {
  const { code, stdout, stderr } = await run(['report', operationId], ground.env);
  expect(stdout).toBe(readFileSync(join(reportDir, 'report.txt'), 'utf8'));
  expect(stdout).toContain('Skipped Items:  2');
  expect(stdout).toContain('what to do: Fetch the file from another copy');
  expect(stderr).toContain(reportDir);
  expect(code).toBe(0);
});

test('as JSON, with evidence and remedy of each item', async () => {
  const { stdout } = await run(['report', operationId, '--json'], ground.env);
  const { accounts } = JSON.parse(stdout) as { accounts: Record<string, { unrestored: object[] }> };
  expect(accounts['jane@example.com']?.unrestored).toEqual([
    expect.objectContaining({ item: 258, error: 'ENOENT', severity: 'hard', remedy: expect.any(String) }),
  ]);
});

test('opens the page with the program of the desktop, its path as one argument', async () => {
  const seen = join(ground.dir, 'seen');
  writeFileSync(
    join(ground.dir, 'xdg-open'),
    `#!/bin/sh\nprintf '%s|' "$#" "$1" > '${seen}.part'; mv '${seen}.part' '${seen}'\n`,
  );
  chmodSync(join(ground.dir, 'xdg-open'), 0o755);
  const path = `${ground.dir}:${process.env.PATH}`;
  const { code } = await run(['report', operationId, '--open'], { ...ground.env, PATH: path });
  expect(code).toBe(0);
  for (let i = 0; i < 100 && !existsSync(seen); i++) await sleep(50);
  expect(readFileSync(seen, 'utf8')).toBe(`1|${join(reportDir, 'report.html')}|`);
});

test('says so where there is nothing to open it with', async () => {
  // only what starts the program itself
  mkdirSync(join(ground.dir, 'bin'));
  symlinkSync('/usr/bin/env', join(ground.dir, 'bin/env'));
  const path = join(ground.dir, 'bin');
  const { code, stderr } = await run(['report', operationId, '--open'], { ...ground.env, PATH: path });
  expect(code).toBe(1);
  expect(stderr).toMatch(/no xdg-open here to open .*report\.html/);
});
