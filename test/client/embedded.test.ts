import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readServerRecord } from '../../src/embedded/server-record';
import { run, start } from './cli';
import { Ground } from './ground';

let ground: Ground;
beforeEach(() => {
  ground = new Ground();
});
afterEach(() => ground.clean());

/** Some work units' worth: it must not be over before it is killed. */
const MESSAGES = 1500;

const command = (): string[] => ['restore', 'old', '--target', 'maildir:mail', '--embedded'];

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not come to that within 30 s.');
    await sleep(10);
  }
}

const subjects = (messages: number): string[] =>
  Array.from({ length: messages }, (_, n) => `m${257 + n}`).sort();

test('restores with nothing but a folder; the second time it skips all', async () => {
  ground.fill(10, [260]);
  const { code, stdout, stderr } = await run([...command(), '--json'], ground.env, ground.dir);
  const result = JSON.parse(stdout) as { operationId: string; reportDir: string };
  expect(result).toEqual({
    status: 'partial',
    operationId: expect.stringMatching(/^external-restore\/old-[0-9a-f]{12}$/),
    source: 10,
    restored: 9,
    skipped: 0,
    filtered: 0,
    unrestored: 1,
    accounts: {
      'jane@example.com': {
        restored: 9,
        skipped: 0,
        unrestored: [{ item: 260, class: 'read', reason: expect.stringContaining('items/') }],
      },
    },
    reportDir: expect.stringContaining(join(ground.stateDir, 'reports')),
  });
  expect(code).toBe(3);
  expect(ground.subjects()).toEqual(subjects(10).filter((subject) => subject !== 'm260'));
  expect(readFileSync(join(result.reportDir, 'report.txt'), 'utf8')).toContain('260');
  expect(stderr).toContain('preflight');
  expect(stderr).not.toContain('\u001b');
  expect(readServerRecord(ground.stateDir)).toBeUndefined();

  const again = await run(command(), ground.env, ground.dir);
  expect(again.code).toBe(3);
  expect(again.stdout).toMatch(/0 restored, 9 skipped, 0 filtered, 1 unrestored \(1 read error\)/);
  expect(again.stdout).toMatch(/jane@example.com: 260 \(read error\)/);
  expect(ground.files()).toHaveLength(9);
});

test('goes on where it was after everything was killed, and restores each message once', async () => {
  ground.fill(MESSAGES);
  const first = start(command(), ground.env, ground.dir);
  await until(() => ground.files().length > 0);
  first.child.kill('SIGKILL');
  ground.killServer();
  await first.ended;
  expect(ground.files().length).toBeLessThan(MESSAGES);

  const { code, stderr, stdout } = await run(command(), ground.env, ground.dir);
  expect(stderr).toContain('This restore runs already');
  expect(stdout).toMatch(/1,500 restored, 0 skipped, 0 filtered, 0 unrestored/);
  expect(code).toBe(0);
  expect(ground.subjects()).toEqual(subjects(MESSAGES));
});

test('SIGINT without a terminal leaves it unfinished, not cancelled; the same command goes on', async () => {
  ground.fill(MESSAGES);
  const first = start([...command(), '--json'], ground.env, ground.dir);
  await until(() => ground.files().length > 0);
  first.child.kill('SIGINT');
  const left = await first.ended;
  expect(left.code).toBe(130);
  expect(left.stderr).toContain('run the same command again');
  expect(JSON.parse(left.stdout)).toMatchObject({ status: 'running' });
  expect(readServerRecord(ground.stateDir)).toBeUndefined();
  expect(ground.files().length).toBeLessThan(MESSAGES);

  const again = await run([...command(), '--json'], ground.env, ground.dir);
  expect(again.stderr).toContain('This restore runs already');
  expect(JSON.parse(again.stdout)).toMatchObject({ status: 'completed', restored: MESSAGES, skipped: 0 });
  expect(again.code).toBe(0);
  expect(ground.subjects()).toEqual(subjects(MESSAGES));
});
