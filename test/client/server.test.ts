import { join } from 'node:path';
import { run, start, startInTerminal, type Ended, type Running } from './cli';
import { Ground } from './ground';

let ground: Ground;
let worker: Running;
let env: Record<string, string>;

beforeAll(async () => {
  ground = new Ground();
  ground.fill(5);
  env = {
    ...ground.env,
    TEMPORAL_ADDRESS: process.env['LIFEBOAT_TEST_ADDRESS'] ?? '',
    LIFEBOAT_TASK_QUEUE: `cli-${process.pid}`,
  };
  worker = start(['worker'], env);
  await shown(worker, 'connected to');
});

afterAll(async () => {
  worker.child.kill('SIGTERM');
  const { code, stdout } = await worker.ended;
  await ground.clean();
  expect(stdout).toContain('"msg":"stopped"');
  expect(code).toBe(0);
});

/** Waits until the command has shown this on standard output. */
function shown({ child, ended }: Running, text: string): Promise<void> {
  let seen = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (more: string) => {
      seen += more;
      if (seen.includes(text)) resolve();
    });
    void ended.then(() => reject(new Error(`It ended without showing "${text}": ${seen}`)));
  });
}

const lifeboat = (...args: string[]): Promise<Ended> => run(args, env, ground.dir);

test('restores through a worker of its own', async () => {
  const { code, stdout } = await lifeboat('restore', ground.source, '--target', `maildir:${ground.target}`);
  expect(stdout).toContain('External Restore completed.');
  expect(code).toBe(0);
  expect(ground.files()).toHaveLength(5);
});

test.each([
  ['a path that does not exist', 'nowhere', [], 'SourceNotFound', 2],
  ['an account that is not in it', 'old', ['--accounts', 'joe@example.com'], 'AccountNotFound', 2],
  ['a target inside the source', 'old', ['--target', 'maildir:old/mail'], 'TargetInsideSource', 2],
])('%s: names it, and ends with the exit code of its failure', async (_, source, options, type, exitCode) => {
  const { code, stdout } = await lifeboat('restore', source, '--json', ...options);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', restored: 0, error: { type } });
  expect(code).toBe(exitCode);
});

test('a failure is one line for people', async () => {
  const { code, stdout, stderr } = await lifeboat('restore', 'nowhere');
  expect(stderr).toMatch(new RegExp(`External Restore failed\\. .*${join(ground.dir, 'nowhere')}`));
  expect(stderr).not.toMatch(/\n\s+at /);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

/** A queue that nobody serves keeps an operation at its beginning for as long as a test needs. */
const idle = (name: string): Record<string, string> => ({
  ...env,
  LIFEBOAT_TASK_QUEUE: `${name}-${process.pid}`,
});

test('detached, shown, cancelled, shown again', async () => {
  const id = `cli-test-${process.pid}`;
  const unserved = idle('detached');
  const options = ['restore', 'old', '--operation-id', id, '--detach'];
  const started = await run([...options, '--json'], unserved, ground.dir);
  expect(started.code).toBe(0);
  expect(JSON.parse(started.stdout)).toEqual({ operationId: id });
  expect(started.stderr).toContain('No worker serves the task queue');

  const again = await run(options, unserved, ground.dir);
  expect(again.stdout).toBe(`${id}\n`);
  expect(again.stderr).toContain('runs already');

  const running = await lifeboat('status', id, '--json');
  expect(JSON.parse(running.stdout)).toMatchObject({ status: 'running', operationId: id, answered: false });

  const cancelled = await lifeboat('cancel', id, '--json');
  expect(cancelled.code).toBe(0);
  expect(JSON.parse(cancelled.stdout)).toEqual({ stopping: [id] });
  // now somebody takes it, and ends it
  const late = start(['worker'], unserved);
  const watched = await run(['restore', 'old', '--operation-id', id, '--json'], unserved, ground.dir);
  late.child.kill('SIGTERM');
  await late.ended;
  expect(JSON.parse(watched.stdout)).toMatchObject({ status: 'cancelled', operationId: id });
  expect(watched.code).toBe(130);

  const twice = await lifeboat('cancel', id);
  expect(twice.code).toBe(1);
  expect(twice.stderr).toContain('has ended already (cancelled)');
  expect((await lifeboat('status', id)).stdout).toContain('External Restore cancelled.');
});

test('Ctrl-C on a terminal asks: k keeps watching, l leaves it running, c cancels it', async () => {
  const unserved = idle('asked');
  const options = ['restore', 'old', '--operation-id', `asked-${process.pid}`];
  const ctrlC = async (watching: Running, answer: string): Promise<void> => {
    const asked = shown(watching, '[c/l/k]');
    watching.child.stdin?.write('\x03');
    await asked;
    watching.child.stdin?.write(answer);
  };
  const first = startInTerminal(options, unserved, ground.dir);
  await shown(first, 'starting');
  await ctrlC(first, 'k\r');
  await shown(first, 'starting');
  await ctrlC(first, 'l\r');
  const left = await first.ended;
  expect(left.stdout).toContain(`lifeboat cancel asked-${process.pid}`);
  expect(left.code).toBe(130);

  const second = startInTerminal(options, unserved, ground.dir);
  await shown(second, 'starting');
  const cancelling = shown(second, 'Cancelling:');
  await ctrlC(second, 'c\r');
  await cancelling;
  const late = start(['worker'], unserved);
  const { stdout, code } = await second.ended;
  late.child.kill('SIGTERM');
  await late.ended;
  expect(stdout).toContain('External Restore cancelled.');
  expect(code).toBe(130);
});

test('an operation that does not exist is named', async () => {
  for (const command of ['cancel', 'status']) {
    const { code, stderr } = await lifeboat(command, 'nothing-here');
    expect(stderr).toContain('There is no operation nothing-here');
    expect(code).toBe(1);
  }
});
