import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandArguments, parseCommand } from '../../src/carbonio/command-line';
import { failure, folder, keepingLog, runner, script } from './kit';

const alive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

test('a command line is split at spaces, and nothing in it is special', async () => {
  expect(parseCommand('ssh  mailhost carbonio')).toEqual({
    program: 'ssh',
    leading: ['mailhost', 'carbonio'],
  });
  const echo = script('process.stdout.write(JSON.stringify(args))');
  const args = ['$(id)', "a'b", '; rm -rf /', '*', 'two words', '--json'];
  const { stdout, code } = await runner().run(echo, args, { timeoutMs: 20_000 });
  expect(JSON.parse(stdout)).toEqual(args);
  expect(code).toBe(0);
});

test('the shell at the other end of ssh gets each argument as one word', () => {
  const words = commandArguments(parseCommand('/usr/bin/ssh mailhost carbonio'), ["it's; id", 'b']);
  expect(words).toEqual(['mailhost', 'carbonio', `'it'\\''s; id'`, `'b'`]);
});

test.each([
  ['a NUL', 'a\0b'],
  ['a line break', 'a\nb'],
  ['too long', 'x'.repeat(200_000)],
])('an argument with %s never gets to the command', async (_, argument) => {
  const marker = join(folder(), 'ran');
  const command = script(`fs.writeFileSync(${JSON.stringify(marker)}, '')`);
  const problem = await failure(runner().run(command, [argument], { timeoutMs: 20_000 }));
  expect(problem.type).toBe('InvalidInput');
  expect(problem.message.length).toBeLessThan(300);
  expect(existsSync(marker)).toBe(false);
});

test('exit statuses and both streams are told as they are, with no input and a small environment', async () => {
  process.env.LIFEBOAT_TEST_SECRET = 'hunter2';
  const command = script(
    `process.stderr.write('e'); console.log(fs.readFileSync(0, 'utf8').length, JSON.stringify(process.env)); process.exitCode = 4`,
  );
  const run = await runner().run(command, [], { timeoutMs: 20_000 });
  delete process.env.LIFEBOAT_TEST_SECRET;
  expect(run).toMatchObject({ code: 4, signal: null, stderr: 'e', cut: false });
  expect(run.stdout).toMatch(/^0 /);
  expect(run.stdout).not.toContain('hunter2');
  expect(run.durationMs).toBeGreaterThan(0);
});

test('secrets are run but not logged', async () => {
  const log = keepingLog();
  const echo = script('process.stdout.write(args.join())');
  const run = await runner({ log }).run(echo, ['user', { secret: 'hunter2' }], { timeoutMs: 20_000 });
  expect(run.stdout).toBe('user,hunter2');
  expect(log.lines).toHaveLength(1);
  expect(JSON.stringify(log.lines)).toContain('user ***');
  expect(JSON.stringify(log.lines)).not.toContain('hunter2');
});

test('a program that is not there is named', async () => {
  const problem = await failure(runner().run(parseCommand('/no/such/carbonio'), [], { timeoutMs: 5_000 }));
  expect(problem).toMatchObject({ type: 'CommandMissing' });
  expect(problem.message).toContain('/no/such/carbonio');
  const behindEnv = runner().run(parseCommand('env /no/such/carbonio'), [], { timeoutMs: 5_000 });
  expect((await failure(behindEnv)).type).toBe('CommandMissing');
});

/** Ignores SIGTERM, and has a child that does too. */
const STUBBORN = `
  process.on('SIGTERM', () => {});
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']);
  fs.writeFileSync(args[0], process.pid + ' ' + child.pid);
  setInterval(() => {}, 1000);`;

async function bothPids(file: string): Promise<number[]> {
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') await sleep(20);
  return readFileSync(file, 'utf8').split(' ').map(Number);
}

test('a command that hangs is killed with what it started', async () => {
  const file = join(folder(), 'pids');
  const problem = await failure(runner().run(script(STUBBORN), [file], { timeoutMs: 1_500 }));
  expect(problem.type).toBe('CommandTimeout');
  const pids = await bothPids(file);
  expect(pids).toHaveLength(2);
  await sleep(100);
  expect(pids.filter(alive)).toEqual([]);
});

test('cancelling ends it, with the reason of the cancellation', async () => {
  const file = join(folder(), 'pids');
  const controller = new AbortController();
  const run = runner().run(script(STUBBORN), [file], { timeoutMs: 60_000, signal: controller.signal });
  const pids = await bothPids(file);
  controller.abort(new Error('cancelled by the test'));
  await expect(run).rejects.toThrow('cancelled by the test');
  await sleep(100);
  expect(pids.filter(alive)).toEqual([]);
  const late = runner().run(script(''), [], { timeoutMs: 1_000, signal: controller.signal });
  await expect(late).rejects.toThrow('cancelled by the test');
});

test('more output than the limit is a failure, and the command is ended', async () => {
  const bomb = script(
    `const line = 'x'.repeat(65536); const go = () => { while (process.stdout.write(line)); process.stdout.once('drain', go); }; go();`,
  );
  const problem = await failure(runner().run(bomb, [], { timeoutMs: 60_000, outputLimit: 1_000_000 }));
  expect(problem.type).toBe('UnknownOutput');
  expect(String(problem.details.stdout).length).toBeLessThan(5_000);
});

test('a command that somebody kills has no result', async () => {
  const killed = script(`console.log('ok'); process.kill(process.pid, 'SIGKILL')`);
  expect((await failure(runner().run(killed, [], { timeoutMs: 20_000 }))).type).toBe('CommandInterrupted');
});

test('output that something else keeps open is not taken for whole', async () => {
  const leaving = script(`
    require('node:child_process').spawn('sleep', ['30'], { stdio: 'inherit' }).unref(); console.log('ok'); process.exit(0)`);
  expect((await failure(runner().run(leaving, [], { timeoutMs: 20_000 }))).type).toBe('UnknownOutput');
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot('root runs commands as the user of the mail server', async () => {
  const uid = await runner({ user: 'nobody' }).run(parseCommand('id'), ['-un'], { timeoutMs: 20_000 });
  expect(uid.stdout.trim()).toBe('nobody');
  const same = await runner({ user: 'root' }).run(parseCommand('id'), ['-un'], { timeoutMs: 20_000 });
  expect(same.stdout.trim()).toBe('root');
  const none = runner({ user: 'no-such-user' }).run(parseCommand('id'), [], { timeoutMs: 20_000 });
  expect(await failure(none)).toMatchObject({ type: 'CommandMissing' });
});

asRoot('a command that runs as another user is ended too', async () => {
  const started = Date.now();
  const run = runner({ user: 'nobody' }).run(parseCommand('sleep'), ['30'], { timeoutMs: 500 });
  expect((await failure(run)).type).toBe('CommandTimeout');
  expect(Date.now() - started).toBeLessThan(10_000);
});
