/** `lifeboat queue` as users run it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { queueIdOf, type AllOperations, type ListedOperation } from '../../src/contracts/operation-queue';
import { connect } from '../e2e/harness';
import { until as eventually } from '../until';
import { run, start, startInTerminal, type Ended, type Running } from './cli';
import { Ground } from './ground';

let ground: Ground;
let worker: Running;
let env: Record<string, string>;
let client: Client;

beforeAll(async () => {
  client = await connect(process.env['LIFEBOAT_TEST_ADDRESS'] ?? '');
});
afterAll(() => client.connection.close());
beforeEach(() => {
  ground = new Ground();
  env = {
    ...ground.env,
    TEMPORAL_ADDRESS: process.env['LIFEBOAT_TEST_ADDRESS'] ?? '',
    LIFEBOAT_TASK_QUEUE: ground.env.LIFEBOAT_HOST,
    LIFEBOAT_QUEUE_POLL_SECONDS: '1',
  };
});
afterEach(async () => {
  letGo();
  worker.child.kill('SIGKILL');
  await worker.ended;
  await ground.clean();
});

const lifeboat = (...args: string[]): Promise<Ended> => run(args, env, ground.dir);

interface Listed {
  id: string;
  kind: string;
  state: string;
  position: number;
  queuedAt: string;
  startedAt: string | null;
}

async function queue(...args: string[]): Promise<Listed[]> {
  const { code, stdout } = await lifeboat('queue', '--json', ...args);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { operations: Listed[] }).operations;
}

/** Asked without the command, which takes longer to start than the queue to answer. */
async function until(isSo: (operations: readonly ListedOperation[]) => boolean): Promise<void> {
  const handle = client.workflow.getHandle(queueIdOf(ground.env.LIFEBOAT_HOST));
  let last: unknown;
  await eventually(
    async () => {
      // before there is a queue, or a worker, it does not answer
      const answer = await handle.query<AllOperations>('getAllOperations').catch((error: unknown) => error);
      last = answer;
      return !(answer instanceof Error) && isSo((answer as AllOperations).operations);
    },
    () => `the queue answers ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}

async function untilShown(args: string[], isSo: (ended: Ended) => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; ;) {
    const ended = await lifeboat(...args);
    if (isSo(ended)) return;
    if (Date.now() > end)
      throw new Error(`${args.join(' ')} shows after 60 s: ${ended.stdout}${ended.stderr}`);
  }
}

const ids = (operations: readonly Pick<Listed, 'id'>[]): string[] => operations.map(({ id }) => id);
const named = (name: string): string => `${name}-${ground.env.LIFEBOAT_HOST}`;

/**
 * Restores of a small store, one after the other into the queue. The first one cannot make its accounts, because the
 * test holds the lock on them: it keeps the turn for as long as a test needs.
 */
async function lineUp(first: string, ...others: string[]): Promise<void> {
  ground.fill(20);
  const target = targetOf(first);
  mkdirSync(target);
  holder = spawn('flock', ['-x', join(target, '.lifeboat-lock'), 'cat'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  worker = start(['worker'], env);
  await restore(first);
  await until(([one]) => one?.state === 'running');
  for (const name of others) await restore(name);
}

let holder: ChildProcess | undefined;
/** The first one goes on, or ends if it was asked to. */
function letGo(): void {
  holder?.stdin?.end();
  holder = undefined;
}

const targetOf = (name: string): string => `${ground.target}-${name}`;

async function restore(name: string): Promise<void> {
  const target = `maildir:${targetOf(name)}`;
  const options = ['restore', ground.source, '--target', target, '--operation-id', named(name), '--detach'];
  expect((await lifeboat(...options)).code).toBe(0);
  await until((operations) => ids(operations).includes(named(name)));
}

test('no queue yet: an empty list, and exit code 0', async () => {
  worker = start(['worker'], env);
  expect(await queue()).toEqual([]);
  const { code, stdout } = await lifeboat('queue');
  expect(stdout).toBe(`No operation runs or waits on ${ground.env.LIFEBOAT_HOST}.\n`);
  expect(code).toBe(0);
  const stopped = await lifeboat('queue', 'stop', 'nothing');
  expect(stopped.stderr).toMatch(/No operation nothing runs or waits on/);
  expect(stopped.code).toBe(1);
  expect((await lifeboat('queue', 'stop-all', '--yes')).code).toBe(0);
});

test('lists in order, with position and times; stops one that waits, one that runs, all', async () => {
  await lineUp('a', 'b', 'c', 'd');
  const operations = await queue();
  expect(ids(operations)).toEqual(['a', 'b', 'c', 'd'].map(named));
  expect(operations.map(({ state, position, kind }) => [state, position, kind])).toEqual([
    ['running', 0, 'External Restore'],
    ['queued', 1, 'External Restore'],
    ['queued', 2, 'External Restore'],
    ['queued', 3, 'External Restore'],
  ]);
  for (const { queuedAt } of operations) expect(Date.parse(queuedAt)).toBeGreaterThan(Date.now() - 120_000);
  expect(operations.map(({ startedAt }) => startedAt !== null)).toEqual([true, false, false, false]);

  const table = (await lifeboat('queue')).stdout;
  expect(table).toMatch(/^#\s+STATE\s+KIND\s+OPERATION\s+QUEUED\s+STARTED\s+STARTED BY$/m);
  expect(table).toMatch(new RegExp(`^2\\s+queued\\s+External Restore\\s+${named('c')}\\s.*@`, 'm'));
  // that of the one that works stands below it
  expect(table).toMatch(
    new RegExp(`^\\s+running\\s+External Restore\\s+${named('a')}\\s.*\\n   \\S.*\\n1\\s+queued`, 'm'),
  );
  // when it asked it was 1 of 1; it looks again each second
  const place = /queued: .*position 1 of 3 in the queue, after a-/;
  await untilShown(['status', named('b')], ({ stdout }) => place.test(stdout));

  const listed = (await lifeboat('status')).stdout;
  expect(listed).toMatch(new RegExp(`^queued +${named('b')} `, 'm'));
  expect(listed).toMatch(new RegExp(`^running +${named('a')} `, 'm'));

  const unknown = await lifeboat('queue', 'stop', 'nothing', '--json');
  expect(unknown.stderr).toContain(named('d'));
  expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { type: 'OperationNotFound' } });
  expect(unknown.code).toBe(1);

  expect((await lifeboat('queue', 'stop', named('b'))).code).toBe(0);
  await until((left) => !ids(left).includes(named('b')));
  const stopped = await lifeboat('queue', 'stop', named('a'), '--json');
  expect(JSON.parse(stopped.stdout)).toEqual({ stopping: [named('a')] });
  expect((await queue())[0]).toMatchObject({ id: named('a'), state: 'stopping' });
  const asked = await lifeboat('queue', 'stop-all');
  expect(asked.stderr).toContain('--yes');
  expect(asked.code).toBe(2);
  // the first one still keeps the turn: the others end because they are asked to, not because they are done
  expect((await lifeboat('queue', 'stop-all', '--yes')).code).toBe(0);
  await until((left) => ids(left).join() === named('a'));
  letGo();
  await until((left) => left.length === 0);
  for (const name of ['a', 'b', 'c', 'd'])
    expect((await lifeboat('status', named(name))).stdout).toContain('External Restore cancelled.');
});

test('without a worker the queue cannot be read, but operations can be stopped, by force too', async () => {
  await lineUp('a', 'b');
  worker.child.kill('SIGKILL');
  await worker.ended;
  const read = await lifeboat('queue', '--json');
  expect(read.code).toBe(1);
  expect(read.stdout).toContain('"type": "NoWorker"');
  expect(read.stderr).toContain(`LIFEBOAT_HOST=${ground.env.LIFEBOAT_HOST}`);
  expect((await lifeboat('queue', 'stop', named('a'), '--force')).code).toBe(0);
  expect((await lifeboat('status', named('a'), '--json')).stdout).toContain('terminated from outside');
  letGo();
  worker = start(['worker'], env);
  await until((left) => left.length === 0);
  expect((await lifeboat('status', named('b'))).stdout).toContain('External Restore completed.');
});

test('a queue that was ended from outside: what runs is listed, and nothing of other hosts is stopped', async () => {
  await lineUp('a');
  await client.workflow.getHandle(queueIdOf(ground.env.LIFEBOAT_HOST)).terminate();
  expect(ids(await queue())).toContain(named('a'));
  const all = await lifeboat('queue', 'stop-all', '--yes', '--json');
  expect(JSON.parse(all.stdout)).toMatchObject({ error: { type: 'QueueLost' } });
  expect(all.code).toBe(1);
  // another host, which never had a queue
  const none = await lifeboat('queue', 'stop-all', '--yes', '--host', 'somewhere-else');
  expect(none.stderr).toContain('No operation runs or waits.');
  expect((await lifeboat('status', named('a'), '--json')).stdout).toContain('"cancelling": false');
  expect((await lifeboat('queue', 'stop', named('a'))).code).toBe(0);
  letGo();
  await untilShown(['status', named('a')], ({ stdout }) => stdout.includes('External Restore cancelled.'));
});

test('watched on a terminal, where stop-all asks first', async () => {
  await lineUp('a', 'b');
  const watching = startInTerminal(['queue', 'watch'], env, ground.dir);
  await shown(watching, named('b'));
  watching.child.stdin?.write('\x03');
  expect((await watching.ended).code).toBe(0);

  const kept = startInTerminal(['queue', 'stop-all'], env, ground.dir);
  await shown(kept, 'Stop 2 operations on');
  kept.child.stdin?.write('n\r');
  expect((await kept.ended).stdout).toContain('Nothing was stopped.');
  expect(await queue()).toHaveLength(2);

  // Ctrl-C, Ctrl-D
  for (const key of ['\x03', '\x04']) {
    const left = startInTerminal(['queue', 'stop-all'], env, ground.dir);
    await shown(left, '[y/N]');
    left.child.stdin?.write(key);
    const { code, stdout } = await left.ended;
    expect(stdout).toContain('Nothing was stopped.');
    expect(code).toBe(130);
  }
  expect(await queue()).toHaveLength(2);

  const stopping = startInTerminal(['queue', 'stop-all'], env, ground.dir);
  await shown(stopping, '[y/N]');
  stopping.child.stdin?.write('y\r');
  expect((await stopping.ended).stdout).toContain('asked to end');
  letGo();
  await until((left) => left.length === 0);
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
