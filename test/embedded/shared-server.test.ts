import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { processesWithOpen } from '../../src/host/file-lock';
import { endProcess, identify, isAlive } from '../../src/host/process-identity';
import { answers } from '../../src/embedded/server-probe';
import { readServerRecord, recordFile } from '../../src/embedded/server-record';
import { joinServer } from '../../src/embedded/shared-server';
import { databaseLock } from '../../src/embedded/temporal-server';

interface Member {
  readonly address: string;
  readonly started: boolean;
  readonly child: ChildProcessWithoutNullStreams;
  leave(): Promise<void>;
  kill(): Promise<void>;
}

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-shared-'));
});

afterEach(async () => {
  const lock = databaseLock(join(dir, 'temporal.db'));
  if (existsSync(lock)) await Promise.all(processesWithOpen(lock).map((server) => endProcess(server, 0)));
  rmSync(dir, { recursive: true, force: true });
});

/** A process of its own that joins the server of the folder. */
async function member(): Promise<Member> {
  const child = spawn(process.execPath, [join(__dirname, 'member.cjs'), dir]);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const exit = once(child, 'exit');
  const line = await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data'),
    exit.then(() => undefined),
  ]);
  if (!line) throw new Error(errors);
  const { address, started } = JSON.parse(String(line[0])) as { address: string; started: boolean };
  return {
    address,
    started,
    child,
    leave: async () => {
      child.stdin.end('leave\n');
      expect((await exit)[0]).toBe(0);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

function serverProcess() {
  const record = readServerRecord(dir);
  if (!record) throw new Error('no server is on record');
  return record.process;
}

test('two processes at once share one server; the last to leave stops it', async () => {
  const [a, b] = await Promise.all([member(), member()]);
  expect([a.started, b.started].sort()).toEqual([false, true]);
  expect(a.address).toBe(b.address);
  expect(statSync(recordFile(dir)).mode & 0o777).toBe(0o600);
  const server = serverProcess();

  await (a.started ? a : b).leave();
  expect(await answers(a.address, 2000)).toBe(true);
  await (a.started ? b : a).leave();
  expect(isAlive(server)).toBe(false);
  expect(readServerRecord(dir)).toBeUndefined();
  expect(readdirSync(join(dir, 'users'))).toEqual([]);
});

test('the server outlives a killed command; the next one joins it and stops it at the end', async () => {
  const a = await member();
  const server = serverProcess();
  await a.kill();
  expect(isAlive(server)).toBe(true);

  const b = await member();
  expect(b).toMatchObject({ started: false, address: a.address });
  await b.leave();
  expect(isAlive(server)).toBe(false);
});

test('after everything was killed, the next command starts the server again on the same database', async () => {
  const a = await member();
  const first = serverProcess();
  process.kill(first.pid, 'SIGKILL');
  await a.kill();

  const b = await member();
  expect(b.started).toBe(true);
  expect(serverProcess()).not.toEqual(first);
  await b.leave();
});

test('a server that was started but never recorded is ended, not doubled', async () => {
  const a = await member();
  const orphan = serverProcess();
  await a.kill();
  rmSync(recordFile(dir));

  const b = await member();
  expect(b.started).toBe(true);
  expect(isAlive(orphan)).toBe(false);
  await b.leave();
});

test('killed at any moment of joining, none is in the way of the next, and there is never a second server', async () => {
  // From before the lock is asked for to after the server answers.
  for (const ms of [60, 120, 180, 240, 300, 360, 420, 480, 600, 800]) {
    const child = spawn(process.execPath, [join(__dirname, 'member.cjs'), dir], { stdio: 'ignore' });
    const exit = once(child, 'exit');
    await sleep(ms);
    child.kill('SIGKILL');
    await exit;
  }
  const last = await member();
  const lock = databaseLock(join(dir, 'temporal.db'));
  expect(processesWithOpen(lock).map(({ pid }) => pid)).toEqual([serverProcess().pid]);
  await last.leave();
  expect(processesWithOpen(lock)).toEqual([]);
});

test('a record whose pid now belongs to another process is not believed', async () => {
  const me = identify(process.pid);
  writeFileSync(
    recordFile(dir),
    JSON.stringify({
      process: { pid: process.pid, startTime: `${Number(me?.startTime) - 1}` },
      address: '127.0.0.1:1',
      uiUrl: 'http://127.0.0.1:2',
      startedAt: new Date().toISOString(),
    }),
  );
  expect(readServerRecord(dir)).toBeUndefined();
  const server = await joinServer(dir, { fast: true });
  expect(server.started).toBe(true);
  await server.leave();
});

test('one process may join twice; leaving twice is leaving once', async () => {
  const first = await joinServer(dir, { fast: true });
  const second = await joinServer(dir);
  expect(second.started).toBe(false);
  await first.leave();
  await first.leave();
  expect(await answers(second.address, 2000)).toBe(true);
  await second.leave();
  expect(readServerRecord(dir)).toBeUndefined();
});

test('a server that hangs is named, and nothing is started beside it', async () => {
  const a = await member();
  const { pid } = serverProcess();
  process.kill(pid, 'SIGSTOP');
  try {
    await expect(joinServer(dir)).rejects.toMatchObject({
      type: 'ServerUnreachable',
      message: expect.stringContaining(`process ${pid}`),
    });
    expect(readdirSync(join(dir, 'users'))).toHaveLength(1);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await a.leave();
});

test('a state folder that cannot be made is named', async () => {
  writeFileSync(join(dir, 'file'), '');
  await expect(joinServer(join(dir, 'file', 'state'))).rejects.toMatchObject({
    type: 'StateUnavailable',
    message: expect.stringContaining(join(dir, 'file', 'state')),
  });
});

test('a damaged record is named', () => {
  writeFileSync(recordFile(dir), '{"process":');
  expect(() => readServerRecord(dir)).toThrow(`${recordFile(dir)} is not the record of a server`);
});
